from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 20 % of calls answer garbage or nothing"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"wrong-json": 0.1, "empty": 0.1}, seconds=6, quick=quick)
