"""Keep the threads of a worker on one core, and move them when others use that core.

Python runs one thread of a process at a time. Where the kernel spreads them over cores, each hand-over wakes another
one, whose caches are cold. Of two workers on two cores a hit takes 0.46 ms of CPU, and 0.40 where each is on one (8
connections); a miss 6.6 and 5.2 (64 connections).
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

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
    place = Place(random.choice(sorted(cores)), frozenset(cores))  # noqa: S311 (no secret)
    _move_threads(place.core)
    PeriodicWorker("core", place.look, lambda: random.uniform(*SECONDS)).start()  # noqa: S311


def best(core: int, used_by_others: Mapping[int, float]) -> int:
    """Return the core to be on. `used_by_others`: which share of each core's time."""
    least = min(used_by_others, key=used_by_others.__getitem__)
    return least if used_by_others[core] > used_by_others[least] + MUCH_MORE else core


@dataclass
class Place:
    """The core of this process, one of those allowed, and how busy all were when it last looked."""

    core: int
    allowed: frozenset[int]
    _moment: float = field(default_factory=time.monotonic)
    _own: float = field(default_factory=time.process_time)
    _busy: dict[int, float] = field(default_factory=lambda: busy_seconds())

    def look(self) -> None:
        """Move to another core, if others have used this one much more since the last look."""
        now = Place(self.core, self.allowed)
        elapsed = now._moment - self._moment
        used = {core: (now._busy[core] - self._busy[core]) / elapsed for core in self.allowed}
        used[self.core] -= (now._own - self._own) / elapsed
        self._moment, self._own, self._busy = now._moment, now._own, now._busy
        if (core := best(self.core, used)) != self.core:
            self.core = core
            _move_threads(core)


def _move_threads(core: int) -> None:
    """Threads to come are where the thread is that starts them."""
    for thread in Path("/proc/self/task").iterdir():
        # It has ended, or its container forbids it.
        with suppress(OSError):
            os.sched_setaffinity(int(thread.name), {core})


def busy_seconds() -> dict[int, float]:
    """Return how long each core has been busy (proc(5), /proc/stat)."""
    path = Path("/proc/stat")
    if not path.exists():
        return {}
    ticks = os.sysconf("SC_CLK_TCK")
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("cpu") and line[3].isdigit()]
    # User, nice and system, then idle and waiting for disks, then interrupts and what other guests of the host took.
    return {int(name[3:]): sum(map(int, (*spent[:3], *spent[5:8]))) / ticks for name, *spent in lines}
