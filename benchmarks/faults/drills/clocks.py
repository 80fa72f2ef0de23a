from __future__ import annotations

import time
from pathlib import Path

from benchmarks.faults.asks import known_chat, known_speech, new_chat
from benchmarks.faults.load import Load, is_hit
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import new_site

TITLE = "clocks of three workers an hour apart"
QUICK = False
TTL = 5
CLOCKS = Path(__file__).parent.parent / "skewed"


def run(*, quick: bool) -> DrillResult:
    """`skewed/sitecustomize.py` sets a different time in every server process."""
    ttl = str(TTL)
    with (
        new_site(workers=3, PYTHONPATH=str(CLOCKS), LLM_CACHE_TTL_BALANCED=ttl, TTS_CACHE_TTL_BALANCED=ttl) as here,
        Load(here, [known_chat, known_speech, new_chat]) as load,
    ):
        load.seconds_until(is_hit)
        time.sleep(3 * TTL)
        offsets = {worker.pid % 3 for worker in here.workers()}
        stored = here.redis.client()
        longest = max((stored.ttl(key) for key in stored.scan_iter("llm:exact:*")), default=0)
    result = load.result()
    hits = sum(is_hit(one.verdict) for one in load.answered)
    result.seen.append(f"{hits} hits over {len(offsets)} clocks")
    result.require("entries live no longer than they should", int(longest) <= TTL)
    result.require("hits", hits > 0)
    result.require("the clocks differ", len(offsets) > 1)
    result.require_right()
    return result
