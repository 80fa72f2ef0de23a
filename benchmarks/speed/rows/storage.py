"""Row 11: bytes per entry in Redis in addition to its payload (MEMORY USAGE).

Measured with the payload cut out, because the allocator's rounding grows with it (jemalloc's classes are up to a
quarter apart).
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from typing import cast

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most

PASSES = 1
ENTRIES = 50


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider())
    for number in range(ENTRIES):
        gateway.chat(f"What is the answer to question number {number} of the list?")
        gateway.speak(f"The answer to question number {number} is yes.")
    client = redis.client()

    def beside(pattern: str, without_payload: Callable[[bytes], bytes]) -> float:
        """Mean over all entries, in bytes."""
        sizes = []
        for key in client.scan_iter(pattern):
            client.set(key, without_payload(cast("bytes", client.get(key))), ex=60)
            sizes.append(cast("int", client.memory_usage(key, samples=0)))
        return statistics.fmean(sizes)

    stream = cast("int", client.memory_usage("llm:query_index", samples=0))
    event = stream / client.xlen("llm:query_index")
    yield at_most(11, "an answer, beside question and answer", beside("llm:exact:*", _blank_answer), "bytes", 400)
    yield at_most(11, "audio, beside the sound", beside("tts:*", _blank_audio), "bytes", 300)
    semantic = beside("llm:semantic:*", _blank_question)
    yield at_most(11, "a semantic entry with its event, beside the question", semantic + event, "bytes", 700)


def _blank_answer(value: bytes) -> bytes:
    return json.dumps(json.loads(value) | {"question": "", "answer": ""}, separators=(",", ":")).encode()


def _blank_question(value: bytes) -> bytes:
    return json.dumps(json.loads(value) | {"question": ""}, separators=(",", ":")).encode()


def _blank_audio(value: bytes) -> bytes:
    return value[: value.index(b"RIFF")]
