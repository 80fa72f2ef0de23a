from __future__ import annotations

import time

from benchmarks.faults import ledger_check
from benchmarks.faults.asks import known_chat, new_stream
from benchmarks.faults.load import CLIENTS, Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site

TITLE = "worker `kill -9` under streaming load"
QUICK = False
# One answer is billed with less.
MAX_TOKENS = 30


def run(*, quick: bool) -> DrillResult:
    with new_site() as here:
        here.provider.chunk_delay = 0.05
        with Load(here, [new_stream, new_stream, known_chat]) as load:
            load.seconds_until(is_right)
            here.workers()[0].kill()
            recovered = load.seconds_until(is_right)
            time.sleep(8)
        result = load.result()
        off = ledger_check.difference(here, ledger_check.in_sqlite(here), patience=5)
    result.recovered = recovered
    result.seen.append(
        f"{off.completion} of {here.provider.billed['completion_tokens']} tokens missing from the ledger"
    )
    result.require("0 wrong", result.wrong == 0)
    # A killed worker loses its running requests and the ledger entries not yet written.
    result.require("only what was under way breaks", result.failed <= CLIENTS)
    result.require("only running requests are missing from the ledger", 0 <= off.completion <= CLIENTS * MAX_TOKENS)
    result.require("answers again", recovered is not None)
    return result
