from __future__ import annotations

import time
from typing import cast

from benchmarks.faults.asks import known_chat, known_speech, new_chat, new_speech
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "Redis full, `allkeys-lru`: it evicts what the index points at"
QUICK = False


def run(*, quick: bool) -> DrillResult:
    with site() as here, Load(here, [known_chat, known_speech, new_chat, new_speech]) as load:
        load.seconds_until(is_hit)
        client = here.redis.client()
        used = cast("dict[str, int]", client.info("memory"))["used_memory"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", used + 300_000)
        time.sleep(8)
        evicted = cast("dict[str, int]", client.info("stats"))["evicted_keys"]
    result = load.result()
    result.seen.append(f"{evicted} entries evicted")
    result.require("something was evicted", evicted > 0)
    result.require_right()
    return result
