from __future__ import annotations

from benchmarks.faults.result import DrillResult
from benchmarks.faults.unwell import run_unwell

TITLE = "provider: 10 % of calls answer a byte at a time"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    return run_unwell({"drip": 0.04, "drip-head": 0.03, "drip-line": 0.03}, seconds=10, quick=quick)
