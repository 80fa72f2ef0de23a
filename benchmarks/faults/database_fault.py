"""A fault of PostgreSQL under load, and what it must not change."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit, median_ms
from benchmarks.faults.result import Result
from benchmarks.faults.site import new_site
from speechsite.tests.support.databases import PostgresServer, find_postgres

# Longer than any value is kept that comes from the database: clients, limits, prices, rules.
SECONDS = 60.0
NOTICED = 2.0


def run(begin: Callable[[PostgresServer], None], end: Callable[[PostgresServer], None], *, quick: bool) -> Result:
    """Compare hits and misses during the fault with those before it."""
    bin_dir = find_postgres()
    if bin_dir is None:
        return Result(skipped="there is no PostgreSQL on this machine")
    with closing(PostgresServer(bin_dir)) as postgres, new_site(DATABASE_URL=postgres.url) as here:
        with Load(here, [known_chat, known_speech, known_chat, new_chat]) as load:
            load.seconds_until(is_hit)
            time.sleep(2)
            begin(postgres)
            begun = time.monotonic()
            try:
                time.sleep(SECONDS / 4 if quick else SECONDS)
                ended = time.monotonic()
            finally:
                end(postgres)
            time.sleep(2)
        result = load.result()
        off = ledger_check.difference(here, lambda: psycopg.connect(postgres.url))
    hits = [one for one in load.since(begun, ended) if is_hit(one.verdict)]
    usual = median_ms([one for one in load.since(0, begun) if is_hit(one.verdict)])
    longest = max((one.seconds for one in hits), default=float("nan")) * 1000
    later = max((one.seconds for one in hits if one.sent > begun + NOTICED), default=float("nan")) * 1000
    result.seen += [
        f"{len(hits)} hits meanwhile",
        f"usual {usual:.0f} ms, longest {longest:.0f} ms, later {later:.0f} ms",
        f"{off.completion} tokens missing from the ledger",
    ]
    result.require("hits are served", bool(hits))
    result.require("a hit is delayed by less than 300 ms", longest - usual < 300)
    result.require("spending is in the ledger afterwards", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result
