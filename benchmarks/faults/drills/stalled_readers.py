from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.crowds import connected, request_bytes
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "300 clients that never read a long answer"
QUICK = False
# More than the threads of both workers.
STALLED = 300
LONG = " ".join(f"This is sentence {number} of a long text." for number in range(60))


def run(*, quick: bool) -> DrillResult:
    with site() as here:
        body: dict[str, object] = {"input": LONG, "model": "balanced", "voice": "alloy", "response_format": "wav"}
        wanted = request_bytes(here, "/v1/audio/speech", body)
        with (
            connected(here, [wanted] * STALLED, receives=4096),
            Load(here, [known_chat, known_speech, new_chat]) as load,
        ):
            served = load.seconds_until(is_right, patience=10)
            time.sleep(8)
    result = load.result()
    result.require("others are served", served is not None)
    result.require_right()
    return result
