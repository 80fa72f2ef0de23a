"""Row 11: what an entry takes in Redis over what it holds, by Redis' own count (MEMORY USAGE)."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from typing import Any, cast

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most

ENTRIES = 50


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider())
    for number in range(ENTRIES):
        gateway.chat(f"What is the answer to question number {number} of the list?")
        gateway.speak(f"The answer to question number {number} is yes.")
    client = redis.client()

    def over(pattern: str, payload: Any) -> float:
        """The mean of what is beside the payload, in bytes."""
        keys = list(client.scan_iter(pattern))
        return statistics.fmean(
            cast("int", client.memory_usage(key, samples=0)) - payload(cast("bytes", client.get(key))) for key in keys
        )

    stream = cast("int", client.memory_usage("llm:query_index", samples=0))
    event = stream / client.xlen("llm:query_index")
    yield at_most(11, "an answer, beside question and answer", over("llm:exact:*", _answer), "bytes", 400)
    yield at_most(11, "audio, beside the sound", over("tts:*", _audio), "bytes", 300)
    semantic = over("llm:semantic:*", _question)
    yield at_most(11, "a semantic entry with its event, beside the question", semantic + event, "bytes", 700)


def _answer(value: bytes) -> int:
    fields = json.loads(value)
    return len(fields["question"].encode()) + len(fields["answer"].encode())


def _question(value: bytes) -> int:
    return len(json.loads(value)["question"].encode())


def _audio(value: bytes) -> int:
    """Of one WAV file: from its first four letters to the end."""
    return len(value) - value.index(b"RIFF")
