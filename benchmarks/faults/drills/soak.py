from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.faults.asks import Ask, known_chat, known_speech, new_chat, new_speech, new_stream
from benchmarks.faults.load import Load
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site, new_site

TITLE = "mixed load"
QUICK = False
# SEMANTIC_MAX_ENTRIES, reached early, so that the index must stop growing during the run.
MAX_ENTRIES = 500
# Requests before they begin again, after all have expired: workers remember what they made of a text (up to 8,192 of
# them), and are to have done so by half-time. What grows then grows with every request.
DIFFERENT = 1500
# Threads, or files, that two workers may have more while they are busier.
ROOM = 100


@dataclass(frozen=True, slots=True)
class Sample:
    minutes: float
    # MB of all workers.
    resident: float
    threads: int
    # Open files and sockets of all workers.
    files: int
    # kB of `llm:query_index` in Redis.
    index: float


def run(*, soak: float) -> DrillResult:
    """`soak`: seconds. The provider fails now and then, and entries expire within seconds."""
    ttl = "5"
    with (
        new_site(LLM_CACHE_TTL_BALANCED=ttl, TTS_CACHE_TTL_BALANCED=ttl, SEMANTIC_MAX_ENTRIES=str(MAX_ENTRIES)) as here,
        Load(here, [known_chat, _again(new_chat), known_speech, _again(new_speech), _again(new_stream)]) as load,
    ):
        here.provider.faults = {"500": 0.02, "reset": 0.01}
        begun, samples = time.monotonic(), []
        while time.monotonic() < begun + soak:
            samples.append(_sample(here, (time.monotonic() - begun) / 60))
            here.provider.requests.clear()
            time.sleep(min(10.0, soak / 12))
    result = load.result()
    # In the first half caches, pools and interpreters take what they will keep.
    samples = samples[len(samples) // 2 :]
    result.seen.append(f"in the second half of {soak / 60:.1f} minutes, a minute:")
    for name, of in FIGURES.items():
        slope = _slope(samples, of)
        result.seen.append(f"{name} {slope:+.2f} (from {of(samples[0]):.1f} to {of(samples[-1]):.1f})")
    for what in ("threads", "files and sockets"):
        first, last = FIGURES[what](samples[0]), FIGURES[what](samples[-1])
        result.require(f"no leaked {what}", last <= first + ROOM)
    result.require_right(rejected=True)
    return result


def _again(ask: Ask) -> Ask:
    return lambda site, number: ask(site, number % DIFFERENT)


FIGURES: dict[str, Callable[[Sample], float]] = {
    "MB of the workers": lambda sample: sample.resident,
    "threads": lambda sample: sample.threads,
    "files and sockets": lambda sample: sample.files,
    "kB of the index in Redis": lambda sample: sample.index,
}


def _sample(here: Site, minutes: float) -> Sample:
    workers = here.workers()
    return Sample(
        minutes,
        sum(worker.memory_info().rss for worker in workers) / 1e6,
        sum(worker.num_threads() for worker in workers),
        sum(worker.num_fds() for worker in workers),
        (here.redis.client().memory_usage("llm:query_index") or 0) / 1e3,
    )


def _slope(samples: list[Sample], of: Callable[[Sample], float]) -> float:
    """Change per minute, by least squares."""
    slope, _ = np.polyfit([sample.minutes for sample in samples], [of(sample) for sample in samples], 1)
    return float(slope)
