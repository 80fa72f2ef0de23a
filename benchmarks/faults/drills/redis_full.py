from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit, is_stored
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "Redis full, `noeviction`"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    with site() as here, Load(here, [known_chat, known_speech, new_chat]) as load:
        load.seconds_until(is_hit)
        time.sleep(2)
        client = here.redis.client()
        client.config_set("maxmemory", 1)
        begun = time.monotonic()
        time.sleep(5)
        hits = sum(is_hit(one.verdict) for one in load.since(begun))
        client.config_set("maxmemory", 0)
        recovered = load.seconds_until(is_stored)
    result = load.result()
    result.seen.append(f"{hits} hits while full")
    result.require("what is stored is served", hits > 0)
    result.require_recovery("stores again", recovered)
    result.require_right()
    return result
