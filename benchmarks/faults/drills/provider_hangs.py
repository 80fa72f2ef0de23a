from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 5 % of calls hang"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"hang": 0.05}, seconds=10, quick=quick)
