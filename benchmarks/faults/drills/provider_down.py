from __future__ import annotations

import time

from benchmarks.faults.asks import new_chat, new_speech, new_stream
from benchmarks.faults.load import Load
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, new_site

TITLE = "provider down: circuit opens, the next in `LLM_FALLBACK`, `TTS_FALLBACK` takes over"
QUICK = True
PAUSE = 2
OPERATIONS, WORKERS, TRIES = 2, 2, 3


def run(*, quick: bool) -> DrillResult:
    with (
        new_site(LLM_FALLBACK="sarvam", TTS_FALLBACK="sarvam", PROVIDER_BREAKER_SECONDS=str(PAUSE)) as here,
        Load(here, [new_chat, new_speech, new_stream]) as load,
    ):
        load.seconds_until(lambda verdict: verdict.provider == "openai")
        here.provider.behave("500")
        _wait_for_open_circuits(here)
        before, begun = len(here.provider.requests), time.monotonic()
        time.sleep(4 if quick else 8)
        trials, asked = len(here.provider.requests) - before, len(load.since(begun))
        seconds = time.monotonic() - begun
        here.provider.behave("ok")
        recovered = load.seconds_until(lambda verdict: verdict.provider == "openai")
    result = load.result()
    by_the_second = sum(one.verdict.provider == "sarvam" for one in load.answered)
    result.seen += [f"{by_the_second} answered by the second provider", f"{trials} trial calls for {asked} requests"]
    # Each worker tries each operation once a pause, with the retries of any call.
    most = OPERATIONS * WORKERS * TRIES * (seconds / PAUSE + 1)
    result.require("the circuit is open", trials <= most)
    result.require("another takes over", by_the_second > 0)
    result.require_recovery("asked again", recovered, 60 if quick else PAUSE + 8)
    result.require_right()
    return result


def _wait_for_open_circuits(here: Site) -> None:
    """Wait until every worker has opened its circuit, or a time limit."""
    deadline = time.monotonic() + 20
    while here.server.metric("provider_circuit_open") < OPERATIONS * WORKERS and time.monotonic() < deadline:
        time.sleep(0.2)
