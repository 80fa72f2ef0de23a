from __future__ import annotations

from benchmarks.faults import database_fault
from benchmarks.faults.result import DrillResult
from speechsite.tests.support.databases import PostgresServer

TITLE = "database (PostgreSQL) `SIGSTOP` (hangs)"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return database_fault.run(PostgresServer.pause, PostgresServer.resume, quick=quick)
