"""Entries of one scope in the index of a worker, and as many keys in Redis."""

from __future__ import annotations

from typing import Any

from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.index import fill, scope_of, wait_until_known
from benchmarks.speed.load import Ask, put
from benchmarks.speed.processes import only_worker, pss_mb
from benchmarks.speed.questions import pairs
from benchmarks.speed.rows.exact_hits import BODY, V1
from benchmarks.speed.rows.misses import BODY as NEW
from benchmarks.speed.rows.semantic_hits import times

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ASKED = 60
MAX_ENTRIES = 1_100_000


def run(bench: Bench) -> list[Curve]:
    redis = bench.redis()
    gateway = bench.gateway(redis, bench.provider(), SEMANTIC_MAX_ENTRIES=str(MAX_ENTRIES))
    key = {"Authorization": f"Bearer {gateway.key}"}
    hit = Curve("CPU of an exact hit", "entries", "ms", "one key of Redis")
    miss = Curve("CPU of a miss", "entries", "ms", "a search reads all rows of the scope, of many a quarter of each")
    added = Curve("added by a semantic hit, p50", "entries", "ms", "the same search")
    memory = Curve("memory of a worker", "entries", "MB", "a vector of 1 kB for each, and its question")

    def ask(question: str) -> Any:
        return gateway.chat(question)

    sizes = SIZES[:2] if bench.quick else SIZES
    asked = pairs(ASKED * len(sizes))
    for question, _ in asked:
        ask(question)
    for number, size in enumerate(sizes):
        fill(redis, scope_of(redis), size, MAX_ENTRIES)
        wait_until_known(gateway, size)
        exact, semantic = times(ask, asked[number * ASKED : (number + 1) * ASKED])
        added.add(size, semantic - exact)
        for curve, body in ((hit, BODY), (miss, NEW)):
            request = Ask(f"{gateway.url}{V1}", body, key, gateway.process.pid)
            borne = put(request, connections=1, seconds=bench.seconds, start=bench.fresh_numbers())
            curve.add(size, borne.cpu_ms)
        memory.add(size, pss_mb(only_worker(gateway.process.pid)))
    return [hit, miss, added, memory]
