"""Admission queue: limits how many requests run Python code at once, first come, first served.

Bypassed: the interpreter's own choice among threads that are ready. A worker runs one thread of Python at a time, and
switching between many costs: in the order of their coming 8, 64 and 256 connections get 17, 25 and 20 % more requests
per second, and p99 falls by 23 to 33 % (docs/performance.md). A request takes a slot when its body has been read. It
releases the slot at its end, or when the look-up in the cache is over without a hit, because calls to providers would
block the others. speech/tests/api/test_admission.py notices a call that is made with a slot.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from types import TracebackType

from caching.redis.latency import RecentMinimum, redis_latency

MAX_SLOTS = 64
# Computing time of a hit between two round trips to Redis, roughly: during a longer wait others can compute.
BETWEEN_TRIPS_SECONDS = 0.00025
# A slot held for longer while others wait is revoked: its holder is blocked by something unforeseen.
REVOKED_AFTER_SECONDS = 0.1


class Admission:
    """A queue of requests. `with` waits for a slot and holds it; a thread holds one slot or none."""

    def __init__(self, latency: RecentMinimum = redis_latency) -> None:
        self._latency = latency
        self._lock = threading.Lock()
        # A slot is a lock, released when its request is admitted.
        self._waiting: deque[threading.Lock] = deque()
        # Since when each is held, by `time.monotonic()`.
        self._held: dict[threading.Lock, float] = {}
        self._own = threading.local()

    @property
    def held(self) -> int:
        return len(self._held)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def limit(self) -> int:
        """Slots at once: one if Redis is as near as on the same machine, more the farther away it is."""
        return min(MAX_SLOTS, 1 + int(self._latency.value / BETWEEN_TRIPS_SECONDS))

    def __enter__(self) -> None:
        slot = threading.Lock()
        slot.acquire()
        with self._lock:
            self._waiting.append(slot)
            # In proportion to the queue, or all of a long one would wake up to look for slots to revoke.
            patience = REVOKED_AFTER_SECONDS * len(self._waiting)
            self._admit()
        while not slot.acquire(timeout=patience):
            self._revoke()
        self._own.slot = slot

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give this thread's slot to the next request, if the thread holds one."""
        slot = getattr(self._own, "slot", None)
        if slot is None:
            return
        self._own.slot = None
        with self._lock:
            self._held.pop(slot, None)
            if self._waiting:
                self._admit()

    def _revoke(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._held = {slot: since for slot, since in self._held.items() if now - since < REVOKED_AFTER_SECONDS}
            self._admit()

    def _admit(self) -> None:
        while self._waiting and len(self._held) < self.limit:
            slot = self._waiting.popleft()
            self._held[slot] = time.monotonic()
            slot.release()


# The queue of this process: `with admission.queue` waits for a slot and holds it.
queue = Admission()


def release() -> None:
    """Release this thread's slot, if it holds one, before it waits for anything slower than Redis."""
    queue.release()
