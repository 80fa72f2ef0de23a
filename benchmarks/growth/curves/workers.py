"""Workers of one machine."""

from __future__ import annotations

from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask, put
from benchmarks.speed.rows.exact_hits import BODY, V1
from benchmarks.speed.rows.misses import BODY as NEW

CONNECTIONS = 64


def run(bench: Bench) -> list[Curve]:
    why = "falls until the cores are busy, which Redis, the provider and the load generator use too"
    hit = Curve(f"time for each hit with {CONNECTIONS} connections", "workers", "ms", why)
    miss = Curve(f"time for each miss with {CONNECTIONS} connections", "workers", "ms", why)
    provider = bench.provider()
    for workers in (1, 2) if bench.quick else (1, 2, 3, 4):
        gateway = bench.gateway(bench.redis(), provider, workers=workers)
        key = {"Authorization": f"Bearer {gateway.key}"}
        for curve, body in ((hit, BODY), (miss, NEW)):
            ask = Ask(f"{gateway.url}{V1}", body, key)
            put(ask, connections=CONNECTIONS, seconds=2, start=bench.fresh_numbers())
            borne = put(ask, connections=CONNECTIONS, seconds=bench.seconds, start=bench.fresh_numbers())
            curve.add(workers, 1000 / borne.per_second)
        gateway.stop()
    return [hit, miss]
