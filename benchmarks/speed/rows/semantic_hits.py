"""Rows 5 and 6: latency of a semantic hit compared with an exact one, among many entries of one scope."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.index import MAX_ENTRIES, fill, scope_of, wait_until_known
from benchmarks.speed.load import MODEL
from benchmarks.speed.questions import pairs
from benchmarks.speed.yardstick import Yardstick

# (row, entries)
SIZES = ((5, 10_000), (6, 100_000))
MAX_LIMITS, MAX_MS_AMONG_LARGEST = 2.5, 4.0
# Questions between two measurements of the limit.
BETWEEN = 50
JSON = {"Content-Type": "application/json"}
Ask = Callable[[str], Any]


def run(bench: Bench) -> Iterator[Figure]:
    for endpoint in ("/api/chat/", "/v1/chat/completions")[: 1 if bench.quick else 2]:
        yield from _through(bench, endpoint)


def _through(bench: Bench, endpoint: str) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider(), SEMANTIC_MAX_ENTRIES=MAX_ENTRIES)
    yardstick = Yardstick(bench)

    def ask(question: str) -> Any:
        return gateway.request("POST", endpoint, body=_body(endpoint, question), headers=JSON)

    asked = pairs(60 if bench.quick else 400)
    # One endpoint is enough for the larger index.
    sizes = SIZES[:1] if bench.quick or endpoint != "/api/chat/" else SIZES
    # Each pair serves once: a question that was found semantically is an entry of its own from then on.
    share = len(asked) // 2
    for question, _ in asked:
        ask(question)
    for (row, size), some in zip(sizes, (asked[:share], asked[share:]), strict=False):
        fill(redis, scope_of(redis), size)
        wait_until_known(gateway, size)
        exact, semantic = times(ask, some, yardstick.measure)
        where = f"among {size:,} entries, `{endpoint}`: p50"
        yield plain(row, f"exact hit {where}", exact, "ms")
        yield plain(row, f"semantic hit {where}", semantic, "ms")
        if row == 5:
            yield from yardstick.at_most(row, f"added by a semantic hit, {where}", semantic - exact, MAX_LIMITS)
        else:
            yield at_most(row, f"added by a semantic hit, {where}", semantic - exact, "ms", MAX_MS_AMONG_LARGEST)
    gateway.stop()


def _body(endpoint: str, question: str) -> str:
    if endpoint.startswith("/v1"):
        return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": question}]})
    return json.dumps({"query": question})


def times(ask: Ask, asked: list[tuple[str, str]], between: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Medians in milliseconds, exact and semantic. `between` is called before each of some parts."""
    exact, semantic, missed = [], [], 0
    for number, (question, other_words) in enumerate(asked):
        if number % BETWEEN == 0:
            between()
        took, match = _timed(ask, question)
        exact.append(took)
        took, match = _timed(ask, other_words)
        missed += match != "semantic"
        semantic.append(took)
    if missed > len(asked) // 10:
        raise RuntimeError(f"{missed} of {len(asked)} were not found semantically")
    return statistics.median(exact), statistics.median(semantic)


def _timed(ask: Ask, question: str) -> tuple[float, str]:
    began = time.perf_counter()
    answer = ask(question)
    took = (time.perf_counter() - began) * 1000
    return took, answer.headers.get("X-Cache-Match", "")
