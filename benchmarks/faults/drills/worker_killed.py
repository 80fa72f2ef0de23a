from __future__ import annotations

import time

from benchmarks.faults import books
from benchmarks.faults.asks import known_chat, new_stream
from benchmarks.faults.load import CLIENTS, Load, is_right
from benchmarks.faults.result import Result
from benchmarks.faults.site import new_site

TITLE = "worker `kill -9` under streaming load"
QUICK = False
MOST_TOKENS = 30
"""One answer is billed with less."""


def run(*, quick: bool) -> Result:
    with new_site() as here:
        here.provider.chunk_delay = 0.05
        with Load(here, [new_stream, new_stream, known_chat]) as load:
            load.seconds_until(is_right)
            here.workers()[0].kill()
            recovered = load.seconds_until(is_right)
            time.sleep(8)
        result = load.result()
        off = books.difference(here, books.in_sqlite(here), patience=5)
    result.recovered = recovered
    result.seen.append(f"{off.completion} of {here.provider.billed['completion_tokens']} tokens not booked")
    result.require("0 wrong", result.wrong == 0)
    # A worker that is killed takes with it what it was answering, and what it had not yet booked.
    result.require("only what was under way breaks", result.failed <= CLIENTS)
    result.require("only what was under way is not booked", 0 <= off.completion <= CLIENTS * MOST_TOKENS)
    result.require("answers again", recovered is not None)
    return result
