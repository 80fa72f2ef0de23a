"""Rows 5 and 6: latency of a semantic hit compared with an exact one, among many entries of one scope."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.index import MOST, fill, scope_of, wait_until_known
from benchmarks.speed.questions import pairs
from speechsite.tests.support.server import Server

# (row, entries, most milliseconds)
SIZES = ((5, 10_000, 1.0), (6, 100_000, 4.0))


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider(), SEMANTIC_MAX_ENTRIES=MOST)
    asked = pairs(60 if bench.quick else 400)
    sizes = SIZES[:1] if bench.quick else SIZES
    # Each pair serves once: a question that was found by meaning is an entry of its own from then on.
    share = len(asked) // len(sizes)
    for question, _ in asked:
        gateway.chat(question)
    for (row, size, most), some in zip(sizes, (asked[:share], asked[share:]), strict=False):
        fill(redis, scope_of(redis), size)
        wait_until_known(gateway, size)
        exact, semantic = _times(gateway, some)
        yield plain(row, f"exact hit among {size:,} entries: p50", exact, "ms")
        yield plain(row, f"semantic hit among {size:,} entries: p50", semantic, "ms")
        yield at_most(row, f"added by meaning, {size:,} entries: p50", semantic - exact, "ms", most)


def _times(gateway: Server, asked: list[tuple[str, str]]) -> tuple[float, float]:
    """Medians in milliseconds, exact and semantic."""
    exact, semantic, missed = [], [], 0
    for question, other_words in asked:
        took, match = _timed(gateway, question)
        exact.append(took)
        took, match = _timed(gateway, other_words)
        missed += match != "semantic"
        semantic.append(took)
    if missed > len(asked) // 10:
        raise RuntimeError(f"{missed} of {len(asked)} were not found by meaning")
    return statistics.median(exact), statistics.median(semantic)


def _timed(gateway: Server, question: str) -> tuple[float, str]:
    began = time.perf_counter()
    answer = gateway.chat(question)
    took = (time.perf_counter() - began) * 1000
    return took, answer.headers.get("X-Cache-Match", "")
