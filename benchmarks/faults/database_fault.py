"""A fault of PostgreSQL under load over two gateways on one Redis, and what it must not change."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Answered, Load, is_hit, median_ms
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site
from speechsite.tests.support.databases import PostgresServer, find_postgres

# Longer than any value is kept that comes from the database: clients, limits, prices, rules.
SECONDS = 60.0
NOTICED = 2.0
# Few enough that they do not wait for each other on a small machine.
CLIENTS = 3


def run(begin: Callable[[PostgresServer], None], end: Callable[[PostgresServer], None], *, quick: bool) -> DrillResult:
    """Compare hits and misses during the fault with those before it."""
    seconds = SECONDS / 4 if quick else SECONDS
    bin_dir = find_postgres()
    if bin_dir is None:
        return DrillResult(skipped="there is no PostgreSQL on this machine")
    with closing(PostgresServer(bin_dir)) as postgres, new_site(gateways=2, DATABASE_URL=postgres.url) as here:
        with Load(here, [known_chat, known_speech, known_chat, new_chat], clients=CLIENTS) as load:
            load.seconds_until(is_hit)
            time.sleep(2)
            before = time.monotonic()
            time.sleep(seconds)
            begin(postgres)
            begun = time.monotonic()
            try:
                time.sleep(seconds)
                ended = time.monotonic()
            finally:
                end(postgres)
            time.sleep(2)
        result = load.result()
        off = ledger_check.difference(here, lambda: psycopg.connect(postgres.url))
    hits, usual = hits_of(load, begun, ended), hits_of(load, before, begun)
    longest, longest_before = longest_ms(hits), longest_ms(usual)
    noticed = longest_ms([one for one in hits if one.sent > begun + NOTICED])
    result.seen += [
        f"{len(hits)} hits meanwhile, {len(usual)} in the same time before",
        f"median {median_ms(hits):.0f} ms (before: {median_ms(usual):.0f})",
        f"longest {longest:.0f} ms (before: {longest_before:.0f}), after {NOTICED:.0f} s {noticed:.0f} ms",
        f"{off.completion} tokens missing from the ledger",
    ]
    result.require("hits are served", bool(hits))
    # Others that use the machine delay hits too.
    result.require("a hit is delayed by less than 300 ms", longest < max(median_ms(usual) + 300, longest_before))
    result.require("spending is in the ledger afterwards", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result


def hits_of(load: Load, begun: float, ended: float) -> list[Answered]:
    return [one for one in load.since(begun, ended) if is_hit(one.verdict)]


def longest_ms(hits: list[Answered]) -> float:
    return max((one.seconds for one in hits), default=float("nan")) * 1000
