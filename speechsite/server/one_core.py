"""Keep the threads of a worker on one core, and move them when others use that core.

Python runs one thread of a process at a time. Where the kernel spreads them over cores, each hand-over wakes another
one, whose caches are cold. Of two workers on two cores a hit takes 0.46 ms of CPU, and 0.40 where each is on one (8
connections); a miss 6.6 and 5.2 (64 connections).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from caching.background import PeriodicWorker

# Not at the same time in all workers: two that leave a core together would meet on the next.
SECONDS = (0.5, 1.5)
# A core is left if others use this much more of its time than of another core's.
MUCH_MORE = 0.25
# Their models compute on all cores of a worker.
EMBEDDERS_WITH_THREADS = frozenset({"fastembed", "sentence_transformers"})


def start() -> None:
    """Begin, where the process may use several cores and the system tells how busy each is."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(cores) < 2 or not cores <= busy_seconds().keys():
        return
    place = Place(cores)
    PeriodicWorker("core", place.look, lambda: random.uniform(*SECONDS)).start()  # noqa: S311 (no secret)


class Place:
    """Where this process is: one of `cores`."""

    def __init__(self, cores: Collection[int]) -> None:
        self._cores = cores
        self._core = random.choice(sorted(cores))  # noqa: S311 (no secret)
        self._spent = Spent.so_far()
        _move_threads(self._core)

    def look(self) -> None:
        """Move to another core, if others have used this one much more since the last look."""
        before, self._spent = self._spent, Spent.so_far()
        elapsed = self._spent.elapsed - before.elapsed
        used = {core: (self._spent.busy[core] - before.busy[core]) / elapsed for core in self._cores}
        used[self._core] -= (self._spent.by_us - before.by_us) / elapsed
        if (core := best(self._core, used)) != self._core:
            self._core = core
            _move_threads(core)


def best(core: int, used_by_others: Mapping[int, float]) -> int:
    """Return the core to be on. `used_by_others`: which share of each core's time."""
    least = min(used_by_others, key=used_by_others.__getitem__)
    return least if used_by_others[core] > used_by_others[least] + MUCH_MORE else core


class Spent(NamedTuple):
    """Seconds since some start: on the clock, of this process on any core, and of each core on anything."""

    elapsed: float
    by_us: float
    busy: Mapping[int, float]

    @classmethod
    def so_far(cls) -> Spent:
        return cls(time.monotonic(), time.process_time(), busy_seconds())


def busy_seconds() -> dict[int, float]:
    """Return how long each core has been busy (proc(5), /proc/stat)."""
    path = Path("/proc/stat")
    if not path.exists():
        return {}
    ticks = os.sysconf("SC_CLK_TCK")
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("cpu") and line[3].isdigit()]
    # User, nice and system, then idle and waiting for disks, then interrupts and what other guests of the host took.
    return {int(name[3:]): sum(map(int, (*spent[:3], *spent[5:8]))) / ticks for name, *spent in lines}


def _move_threads(core: int) -> None:
    """Threads to come are where the thread is that starts them."""
    for thread in Path("/proc/self/task").iterdir():
        # It has ended, or its container forbids it.
        with suppress(OSError):
            os.sched_setaffinity(int(thread.name), {core})
