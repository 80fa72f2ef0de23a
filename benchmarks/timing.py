"""Measure if a sharing client can tell by the time alone that another one has asked the same.

One client asks questions, so that they are in the shared scope; another then asks those and as many new ones. The
threshold that separates the times best is found on one half and applied to the other, as an attacker would; 50 % is
guessing. The loopback provider takes 0.1 to 0.7 s, distributed like answers of models.

Run: python -m benchmarks.timing [questions]
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Seen
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

QUESTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 150
LETTERS = "bcdfghjklmnpqrstvwxz"


class Varied(FakeOpenAI):
    def admit(self, seen: Seen) -> str:
        time.sleep(random.lognormvariate(-1.4, 0.4))
        return super().admit(seen)


def word(number: int) -> str:
    """Contains no digit, because digits are never shared."""
    return f"qu{LETTERS[number // 400]}{LETTERS[number // 20 % 20]}{LETTERS[number % 20]}ow"


def seconds(server: Server, key: str, number: int) -> float:
    body = {"query": f"What does {word(number)} mean?", "optimization_level": "quality"}
    began = time.perf_counter()
    response = server.request("POST", "/api/chat/", json=body, headers={"Authorization": f"Bearer {key}"})
    if response.status != 200:
        raise RuntimeError(response.data.decode())
    return time.perf_counter() - began


def accuracy(hits: list[float], misses: list[float]) -> float:
    """Accuracy on the second halves of the best threshold on the first halves."""

    def right(threshold: float, some_hits: list[float], some_misses: list[float]) -> float:
        below = sum(time < threshold for time in some_hits) + sum(time >= threshold for time in some_misses)
        return below / (len(some_hits) + len(some_misses))

    half = len(hits) // 2
    candidates = [*hits[:half], *misses[:half]]
    best = max(candidates, key=lambda at: abs(right(at, hits[:half], misses[:half]) - 0.5))
    share = right(best, hits[half:], misses[half:])
    return share if right(best, hits[:half], misses[:half]) >= 0.5 else 1 - share


def measured(provider: Varied, redis_url: str, padded: bool) -> tuple[list[float], list[float]]:
    environment = {
        "REDIS_URL": redis_url,
        "LLM_PROVIDER": "openai",
        "OPENAI_API_KEY": "sk-loopback",
        "OPENAI_BASE_URL": f"{provider.url}/v1",
        "SHARED_SCOPE_CLIENTS": "1",
        "HIDE_CACHE_STATUS": "1",
        "PAD_SHARED_HITS": str(int(padded)),
        "SEMANTIC_MODE": "off",
        "LOG_LEVEL": "WARNING",
    }
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), environment)
        try:
            first, second = (server.new_client(name, "--shared-scope") for name in ("first", "second"))
            for number in range(QUESTIONS):
                seconds(server, first, number)
            # In turns, so that what else the machine does falls on both alike.
            pairs = [
                (seconds(server, second, number), seconds(server, second, QUESTIONS + number))
                for number in range(QUESTIONS)
            ]
        finally:
            server.stop()
    hits, misses = zip(*pairs, strict=True)
    return list(hits), list(misses)


def main() -> None:
    # Before Django's settings are read: nobody's keys.
    os.environ |= {"DJANGO_SETTINGS_MODULE": "speechsite.settings", "ENV_FILE": os.devnull}
    print(f"{QUESTIONS} hits and {QUESTIONS} misses each, over HTTP on loopback")
    for padded in (False, True):
        with Varied() as provider, RedisServer() as redis_server:
            hits, misses = measured(provider, redis_server.url, padded)
        middle = QUESTIONS // 2
        print(
            f"PAD_SHARED_HITS={int(padded)}: median hit {1000 * sorted(hits)[middle]:.0f} ms, "
            f"median miss {1000 * sorted(misses)[middle]:.0f} ms, told apart in {accuracy(hits, misses):.0%} of cases"
        )


if __name__ == "__main__":
    main()
