"""Clients that send requests continuously during a drill, and the result of every request."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.faults.asks import Ask, Verdict
from benchmarks.faults.result import DrillResult
from benchmarks.faults.site import Site

CLIENTS = 8
# Seconds between two requests of one client: the drills are about faults, not about speed.
PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Answered:
    # `time.monotonic()`
    sent: float
    seconds: float
    verdict: Verdict


class Load:
    """`with Load(site, [...]) as load:` sends requests until the block ends, alternating between the given kinds."""

    def __init__(self, site: Site, asks: Sequence[Ask], *, clients: int = CLIENTS, pause: float = PAUSE) -> None:
        self.answered: list[Answered] = []
        self._site, self._asks, self._pause = site, asks, pause
        self._numbers = itertools.count()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self) -> None:
        while not self._done.wait(self._pause):
            number = next(self._numbers)
            sent = time.monotonic()
            verdict = self._asks[number % len(self._asks)](self._site, number)
            self.answered.append(Answered(sent, time.monotonic() - sent, verdict))

    def since(self, moment: float, until: float = float("inf")) -> list[Answered]:
        return [one for one in list(self.answered) if moment <= one.sent < until]

    def seconds_until(self, wanted: Callable[[Verdict], bool], patience: float = 60.0) -> float | None:
        """Return the seconds until the answer to a new request is as `wanted`."""
        begun = time.monotonic()
        while time.monotonic() < begun + patience:
            for one in self.since(begun):
                if wanted(one.verdict):
                    return one.sent + one.seconds - begun
            time.sleep(0.02)
        return None

    def result(self) -> DrillResult:
        result = DrillResult(sent=len(self.answered))
        for one in self.answered:
            result.count(one.verdict.kind, one.seconds)
        return result


def is_hit(verdict: Verdict) -> bool:
    return verdict.cache == "HIT"


def is_stored(verdict: Verdict) -> bool:
    return "stored" in verdict.status


def is_right(verdict: Verdict) -> bool:
    return verdict.kind == "right"


def median_ms(answered: Sequence[Answered]) -> float:
    return statistics.median(one.seconds for one in answered) * 1000 if answered else float("nan")
