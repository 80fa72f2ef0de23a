"""Row 10: memory of a worker as proportional set size (PSS)."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.index import MAX_ENTRIES, fill, scope_of, wait_until_known
from benchmarks.speed.processes import only_worker, pss_mb
from speechsite.tests.support.server import Server

PASSES = 2
ENTRIES = 100_000
DIMENSIONS = 256


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider(), SEMANTIC_MAX_ENTRIES=MAX_ENTRIES)
    yield at_most(10, "a worker, idle", _worker_mb(gateway), "MB", 120)
    for number in range(500):
        gateway.chat(f"What is {number}?")
    used = _worker_mb(gateway)
    yield plain(10, "after 500 answers", used, "MB")
    if bench.quick:
        return
    fill(redis, scope_of(redis), ENTRIES)
    wait_until_known(gateway, ENTRIES)
    vectors = ENTRIES * DIMENSIONS * 4 / 1_000_000
    added = _worker_mb(gateway) - used
    yield plain(10, f"added by {ENTRIES:,} index entries", added, "MB")
    yield at_most(10, "that over the vectors' own size", added / vectors, "times", 1.3)


def _worker_mb(gateway: Server) -> float:
    return pss_mb(only_worker(gateway.process.pid))
