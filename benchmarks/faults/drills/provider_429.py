from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 429, with and without `retry-after`"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"429": 0.1, "429-retry-after": 0.1}, seconds=8, quick=quick)
