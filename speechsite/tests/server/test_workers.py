"""Two real workers behind one port: what they count together, what they keep to themselves, and how fast they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings

from caching.rules.kinds import kinds_of
from speechsite.tests.plugin import PASSWORD
from speechsite.tests.support.server import Server

TURNS = settings.BASE_DIR / "benchmarks" / "corpus" / "agent_turns.jsonl"
SPOKEN = 200
CONNECTIONS = 8


def counted(server: Server, cache_type: str) -> Counter[str]:
    return Counter(
        {
            "HIT": int(server.metric("cache_hits_total", cache_type=cache_type)),
            "MISS": int(server.metric("cache_misses_total", cache_type=cache_type)),
        }
    )


def send_all(ask: Callable[[str], Any], texts: list[str]) -> Counter[str]:
    """How often each `X-Cache` came."""
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        responses = list(threads.map(ask, texts))
    assert {response.status for response in responses} == {200}
    return Counter(response.headers["X-Cache"] for response in responses)


def test_a_hundred_requests_are_counted_as_a_hundred(server: Server) -> None:
    before = counted(server, "llm")
    seen = send_all(server.chat, [f"Question {number % 50}, counted" for number in range(100)])
    after = counted(server, "llm")
    assert after - before == seen
    assert (after - before).total() == 100


def test_the_second_pass_over_what_bots_say_is_all_hits(server: Server) -> None:
    texts = [json.loads(line)["text"] for line in TURNS.open()]
    for cache_type, ask, some in (("llm", server.chat, texts), ("tts", server.speak, texts[:SPOKEN])):
        before = counted(server, cache_type)
        first = send_all(ask, some)
        second = send_all(ask, some)
        # Chat that depends on the moment is not cached.
        bypassed = sum(bool(kinds_of(text)) for text in some) if cache_type == "llm" else 0
        assert second == Counter({"HIT": len(some) - bypassed, "BYPASS": bypassed})
        seen = first + second
        del seen["BYPASS"]
        assert counted(server, cache_type) - before == seen


def test_the_password_of_redis_is_shown_nowhere(server: Server) -> None:
    assert "Connected to Redis at redis://:***@127.0.0.1:" in server.log
    shown = server.log + "".join(server.request("GET", path).data.decode() for path in ("/metrics", "/readyz"))
    assert PASSWORD not in shown
    assert "p%40ss" not in shown
