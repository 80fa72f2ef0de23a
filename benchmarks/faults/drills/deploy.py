from __future__ import annotations

import threading
import time

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import new_stream
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site

TITLE = "all workers `SIGTERM` (deploy) under streaming load"
QUICK = False
STREAMS = 24


def run(*, quick: bool) -> DrillResult:
    """All streams are running when the server is stopped."""
    result = DrillResult(sent=STREAMS)
    with new_site() as here:
        here.provider.chunk_delay = 0.3

        def stream(number: int) -> None:
            begun = time.monotonic()
            verdict = new_stream(here, number)
            result.count(verdict.kind, time.monotonic() - begun)

        threads = [threading.Thread(target=stream, args=(number,)) for number in range(STREAMS)]
        for thread in threads:
            thread.start()
        while here.provider.open_connections < STREAMS or len(here.provider.requests) < STREAMS:
            time.sleep(0.05)
        begun = time.monotonic()
        here.server.stop()
        result.seen.append(f"stopped after {time.monotonic() - begun:.1f} s")
        for thread in threads:
            thread.join()
        off = ledger_check.difference(here, ledger_check.in_sqlite(here), patience=1)
    result.seen.append(f"{off.completion} tokens missing from the ledger")
    result.require("spending is in the ledger", off == ledger_check.Tokens(0, 0))
    result.require_right()
    return result
