from __future__ import annotations

import time

from benchmarks.faults.asks import POOL, known_chat, known_speech
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site

TITLE = "provider down and the entry just expired, `STALE_IF_ERROR_SECONDS` set"
QUICK = True
TTL = 6


def run(*, quick: bool) -> DrillResult:
    ttl = str(TTL)
    with new_site(
        LLM_CACHE_TTL_BALANCED=ttl,
        TTS_CACHE_TTL_BALANCED=ttl,
        STALE_IF_ERROR_SECONDS="600",
        # What a slow machine kept Redis from telling in time would be missing.
        REDIS_TIMEOUT_MS="5000",
    ) as here:
        for number in range(POOL):
            known_chat(here, number)
            known_speech(here, number)
        here.provider.behave("500")
        time.sleep(TTL)
        with Load(here, [known_chat, known_speech]) as load:
            time.sleep(4)
            here.provider.behave("ok")
            recovered = load.seconds_until(lambda verdict: is_right(verdict) and "uri-miss" in verdict.status)
        metric = here.server.metric("cache_stale_hits_total")
    result = load.result()
    result.recovered = recovered
    stale = sum("fwd=stale" in one.verdict.status for one in load.answered)
    result.seen.append(f"{stale} stale answers")
    result.require("stale answers say so", stale > 0 and stale == metric)
    result.require("fresh ones again", recovered is not None)
    result.require_right()
    return result
