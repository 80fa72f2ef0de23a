from __future__ import annotations

import time

from benchmarks.faults.asks import known_chat, uncached_chat
from benchmarks.faults.load import Load, is_hit, median_ms
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import site

TITLE = "Redis `SIGSTOP` (hangs)"
QUICK = False
# Seconds until every worker has noticed.
NOTICED = 1.5


def run(*, quick: bool) -> DrillResult:
    """Compares alternating requests with and without Redis."""
    with site() as here, Load(here, [known_chat, uncached_chat]) as load:
        load.seconds_until(is_hit)
        time.sleep(2)
        here.redis.pause()
        begun = time.monotonic()
        try:
            time.sleep(4 if quick else 20)
            ended = time.monotonic()
        finally:
            here.redis.resume()
        recovered = load.seconds_until(is_hit)
    result = load.result()
    during = load.since(begun + NOTICED, ended)
    plain = [one for one in during if "bypass" in one.verdict.status][1::2]
    first = max(one.seconds for one in load.since(begun - 0.3, begun + NOTICED)) * 1000
    usual = median_ms(load.since(0, begun - 0.3))
    later = median_ms(during) - median_ms(plain)
    result.seen += [f"{first - usual:.0f} ms more at first", f"{later:.1f} ms more after"]
    result.require("added delay under 5 ms after the first", quick or later < 5)
    result.require_recovery("hits", recovered)
    result.require_right()
    return result
