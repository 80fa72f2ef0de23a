from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 20 % of calls end or reset in mid-stream"
QUICK = True


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"reset": 0.1, "half": 0.1}, seconds=6, quick=quick)
