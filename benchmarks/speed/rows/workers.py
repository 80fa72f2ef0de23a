"""Row 9: several workers and connections. The queueing model is Little's law: connections / (requests/s)."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.load import Ask, put
from benchmarks.speed.rows.exact_hits import BODY

CONNECTIONS = (1, 4, 16, 64, 256)
# With 256 connections: of three seconds those that connect, all at once, are every fortieth answer.
SECONDS = 10


def run(bench: Bench) -> Iterator[Figure]:
    provider = bench.provider()
    for workers in (1, 2) if bench.quick else (1, 2, 3, 4):
        gateway = bench.gateway(bench.redis(), provider, workers=workers)
        ask = Ask(f"{gateway.url}/v1/chat/completions", BODY, {"Authorization": f"Bearer {gateway.key}"})
        put(ask, connections=16, seconds=2)
        for connections in (1, 256) if bench.quick else CONNECTIONS:
            where = f"{workers} workers, {connections} connections"
            seconds = SECONDS if connections == CONNECTIONS[-1] and not bench.quick else bench.seconds
            borne = put(ask, connections=connections, seconds=seconds)
            yield plain(9, f"{where}: p50", borne.p50_ms, "ms")
            yield plain(9, f"{where}: p99", borne.p99_ms, "ms")
            yield plain(9, where, borne.per_second, "/s")
            if connections == CONNECTIONS[-1]:
                queue_ms = 1000 * connections / borne.per_second
                yield at_most(9, f"{where}: p99 over what the queue explains", borne.p99_ms / queue_ms, "times", 1.5)
        gateway.stop()
