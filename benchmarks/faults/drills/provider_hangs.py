from __future__ import annotations

from benchmarks.faults.result import Result
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 5 % of calls hang"
QUICK = False


def run(*, quick: bool) -> Result:
    return run_unwell({"hang": 0.05}, seconds=10, quick=quick)
