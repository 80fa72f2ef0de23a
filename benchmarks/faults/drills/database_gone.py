from __future__ import annotations

from benchmarks.faults import database_fault
from benchmarks.faults.result import DrillResult
from speechsite.tests.support.databases import PostgresServer

TITLE = "database (PostgreSQL) gone"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return database_fault.run(PostgresServer.stop, PostgresServer.start, quick=quick)
