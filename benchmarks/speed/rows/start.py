"""Row 12: from the start of a server to its first answer, and until a worker has loaded a large index."""

from __future__ import annotations

import time
from collections.abc import Iterator

import urllib3

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.index import MAX_ENTRIES, fill, scope_of, wait_until_known
from benchmarks.speed.processes import only_worker
from speechsite.tests.support.server import Server

PASSES = 2
ENTRIES = 100_000
QUESTION = "What is a cache?"


def run(bench: Bench) -> Iterator[Figure]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider(), SEMANTIC_MAX_ENTRIES=MAX_ENTRIES)
    gateway.chat(QUESTION)
    yield at_most(12, "a killed worker to the first answer of the next", _restart(gateway), "s", 2)
    began = time.perf_counter()
    bench.gateway(redis, bench.provider(), workers=2, VAR_DIR=str(gateway.directory)).stop()
    yield plain(12, "`make run` for the second time, and its end", time.perf_counter() - began, "s")
    if bench.quick:
        return
    fill(redis, scope_of(redis), ENTRIES)
    wait_until_known(gateway, ENTRIES)
    first = _restart(gateway)
    yield plain(12, f"the first answer with {ENTRIES:,} entries to be read", first, "s")
    filled = wait_until_known(gateway, ENTRIES)
    yield at_most(12, f"the index of {ENTRIES:,} entries filled after that, serving meanwhile", filled, "s", 3)


def _restart(gateway: Server) -> float:
    """Kill the only worker. Return the seconds until its replacement serves a hit."""
    worker = only_worker(gateway.process.pid)
    worker.kill()
    worker.wait(10)
    began = time.perf_counter()
    while time.perf_counter() - began < 60:
        try:
            if gateway.chat(QUESTION).headers.get("X-Cache") == "HIT":
                return time.perf_counter() - began
        except (urllib3.exceptions.HTTPError, OSError):
            time.sleep(0.01)
    raise RuntimeError("no worker came after the one that was killed")
