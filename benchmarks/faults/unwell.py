"""Shared code of drills with a failing provider."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from benchmarks.faults.asks import Ask, known_chat, known_speech, new_chat, new_speech, new_stream
from benchmarks.faults.load import Load, is_right
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, new_site

ASKS: Sequence[Ask] = (new_chat, new_speech, new_stream, known_chat, known_speech)
# Seconds; PROVIDER_READ_TIMEOUT.
READ_TIMEOUT = 2
# Seconds: a silent provider costs one read timeout, a dripping one up to four.
IN_TIME = 4.0 * READ_TIMEOUT


def run_unwell(faults: Mapping[str, float], *, seconds: float, quick: bool) -> DrillResult:
    """Run load while a share of the provider's calls fails, then once more while it is healthy."""
    with new_site(PROVIDER_BREAKER_SECONDS="1", PROVIDER_READ_TIMEOUT=str(READ_TIMEOUT)) as here:
        with Load(here, ASKS) as load:
            here.provider.faults = faults
            time.sleep(seconds)
            here.provider.faults = {}
            recovered = load.seconds_until(is_right)
        result = load.result()
        result.recovered = recovered
        bad = stored_badly(here)
    result.require("nothing bad is stored", bad == 0)
    result.require(f"every answer within {IN_TIME:.0f} s", quick or result.slowest < IN_TIME + 2)
    result.require_right(rejected=True)
    return result


def stored_badly(here: Site) -> int:
    """Count repeated questions that are now answered wrongly."""
    # A breaker that has just opened gives it another chance within a second.
    time.sleep(1.5)
    verdicts = [ask(here, number) for number in range(20) for ask in (known_chat, known_speech)]
    return sum(verdict.kind not in ("right", "rejected") for verdict in verdicts)
