"""Calls in the ledger, of 40 clients in 90 days, beside their hourly totals."""

from __future__ import annotations

import time

from benchmarks.growth import commands
from benchmarks.growth.curve import Curve
from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask, put
from benchmarks.speed.rows.misses import BODY as NEW

ROWS = (1_000, 100_000, 1_000_000, 10_000_000)
# One of those that have rows, so that its spending is a sum of many.
CLIENT = "client-3"


def run(bench: Bench) -> list[Curve]:
    started = Curve("start of a server", "calls in the ledger", "s", "no table is read whole")
    waited = Curve(
        "a miss of a client with a budget, p50", "calls in the ledger", "ms", "rows are appended and indexed"
    )
    spent = Curve("CPU of a miss of a client with a budget", "calls in the ledger", "ms", "the same")
    for rows in ROWS[:2] if bench.quick else ROWS:
        directory = bench.directory()
        commands.run("fill_ledger", directory, rows)
        began = time.perf_counter()
        gateway = bench.gateway(bench.redis(), bench.provider(), VAR_DIR=str(directory))
        started.add(rows, time.perf_counter() - began)
        key = gateway.manage("create_client", CLIENT, "--monthly-budget-usd", "10000000").split()[-1]
        ask = Ask(f"{gateway.url}/v1/chat/completions", NEW, {"Authorization": f"Bearer {key}"}, gateway.process.pid)
        put(ask, connections=1, seconds=1, start=bench.fresh_numbers())
        borne = put(ask, connections=1, seconds=bench.seconds, start=bench.fresh_numbers())
        waited.add(rows, borne.p50_ms)
        spent.add(rows, borne.cpu_ms)
        gateway.stop()
    return [started, waited, spent]
