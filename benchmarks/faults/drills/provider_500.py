from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 20 % of calls 500"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"500": 0.2}, seconds=8, quick=quick)
