"""A real server whose hits are reviewed by a loopback model that knows the labels: what its thresholds come to.

Each file of labelled questions (`q`, `c`) is a scope of its own, by its system message, and is asked over HTTP in its
order. The loopback provider answers every question with its label, so a hit is wrong where the labels differ.

Run: python -m benchmarks.semantic.judged FILE... --level balanced
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from caching.semantic.evaluation import REVIEWED_SHARE, LabelledQuestion, read_stream
from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import Answer, Seen, as_json
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

JUDGE = "judge"


class Labels(FakeOpenAI):
    """Answers a question with its label, and reviews a stored answer by the label of the question."""

    labels: dict[str, str]

    def __init__(self, labels: dict[str, str]) -> None:
        super().__init__()
        self.labels = labels

    def admit(self, seen: Seen) -> str:
        return "ok"

    def answer(self, seen: Seen) -> Answer:
        body = seen.body
        text = self._verdict(body) if body["model"] == JUDGE else self.labels[body["messages"][-1]["content"]]
        return as_json(
            {
                "id": "chatcmpl-loopback",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": body["model"],
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        )

    def _verdict(self, body: dict[str, Any]) -> str:
        shown = json.loads(body["messages"][-1]["content"].splitlines()[1])
        right = self.labels[shown["question"]] == shown["stored_answer"]
        found = re.search(r"\bFITS-\w+" if right else r"\bDIFFERS-\w+", body["messages"][0]["content"])
        return found[0] if found else ""


@dataclass(slots=True)
class Scope:
    name: str
    questions: int = 0
    hits: int = 0
    wrong: int = 0


def ask(server: Server, name: str, stream: Sequence[LabelledQuestion], level: str) -> Scope:
    found = Scope(name)
    headers = {"X-Optimization-Level": level}
    for asked in stream:
        messages = [{"role": "system", "content": name}, {"role": "user", "content": asked.text}]
        body = {"model": "labels", "messages": messages}
        response = server.request("POST", "/v1/chat/completions", json=body, headers=headers)
        if response.status != 200:
            raise OSError(f"{response.status} {response.data[:300]!r}")
        found.questions += 1
        if response.headers["X-Cache"].startswith("HIT"):
            found.hits += 1
            found.wrong += response.json()["choices"][0]["message"]["content"] != asked.label
    return found


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--level", default="balanced")
    options = parser.parse_args()
    streams = {path.stem: read_stream(path) for path in options.files}
    labels = {asked.text: asked.label for stream in streams.values() for asked in stream}
    with Labels(labels) as provider, RedisServer() as redis, TemporaryDirectory() as directory:
        environment = {
            "REDIS_URL": redis.url,
            "LLM_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-loopback",
            "OPENAI_BASE_URL": f"{provider.url}/v1",
            "SEMANTIC_VERIFY_SHARE": str(REVIEWED_SHARE),
            "SEMANTIC_PROMOTE": "1",
            "SEMANTIC_VERIFY_MODEL": f"openai/{JUDGE}",
            "SEMANTIC_JUDGEMENTS_PER_MINUTE": "100000",
        }
        server = Server(Path(directory), environment, workers=1)
        try:
            for name, stream in streams.items():
                scope = ask(server, name, stream, options.level)
                print(
                    f"{name}: {scope.questions} questions, {100 * scope.hits / scope.questions:.1f} % hits, "
                    f"{100 * scope.wrong / scope.questions:.2f} wrong per 100 questions",
                    flush=True,
                )
            print_thresholds(server)
        finally:
            server.stop()


def print_thresholds(server: Server) -> None:
    command = [sys.executable, "manage.py", "cache_stats", "--json"]
    run = subprocess.run(command, env=server.environment, capture_output=True, text=True, check=True)
    for row in json.loads(run.stdout)["semantic"]["scopes"]:
        print(row)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speechsite.settings")
    main()
