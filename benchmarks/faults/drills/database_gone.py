from __future__ import annotations

import time
from contextlib import closing

import psycopg

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import Result
from benchmarks.faults.site import new_site
from speechsite.tests.support.databases import PostgresServer, find_postgres

TITLE = "database (PostgreSQL) gone"
QUICK = False


def run(*, quick: bool) -> Result:
    bin_dir = find_postgres()
    if bin_dir is None:
        return Result(skipped="there is no PostgreSQL on this machine")
    with closing(PostgresServer(bin_dir)) as postgres, new_site(DATABASE_URL=postgres.url) as here:
        with Load(here, [known_chat, known_speech, known_chat, new_chat]) as load:
            load.seconds_until(is_hit)
            time.sleep(1)
            postgres.stop()
            begun = time.monotonic()
            time.sleep(10)
            hits = [one for one in load.since(begun) if is_hit(one.verdict)]
            postgres.start()
        result = load.result()
        off = ledger_check.difference(here, lambda: psycopg.connect(postgres.url))
    result.seen += [f"{len(hits)} hits meanwhile", f"{off.completion} tokens missing from the ledger"]
    result.require("hits are served", bool(hits))
    result.require("spending is in the ledger afterwards", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result
