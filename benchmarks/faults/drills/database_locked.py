from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site

TITLE = "database (SQLite) locked"
QUICK = True


def run(*, quick: bool) -> DrillResult:
    with new_site() as here:
        with Load(here, [known_chat, known_speech, known_chat, new_chat]) as load:
            load.seconds_until(is_hit)
            time.sleep(1)
            with closing(sqlite3.connect(here.server.directory / "db.sqlite3", isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                begun = time.monotonic()
                time.sleep(3 if quick else 10)
                hits = [one for one in load.since(begun) if is_hit(one.verdict)]
                other.execute("ROLLBACK")
        result = load.result()
        off = ledger_check.difference(here, ledger_check.in_sqlite(here))
    slowest = max((one.seconds for one in hits), default=0.0)
    result.seen += [
        f"{len(hits)} hits meanwhile, the slowest {slowest:.2f} s",
        f"{off.completion} tokens missing from the ledger",
    ]
    result.require("hits are served", bool(hits))
    result.require("spending is in the ledger afterwards", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result
