from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.crowds import connected
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "500 idle connections"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    with site() as here, connected(here, [b""] * 500), Load(here, [known_chat, known_speech, new_chat]) as load:
        load.seconds_until(is_hit)
        time.sleep(4)
    result = load.result()
    result.require_right()
    return result
