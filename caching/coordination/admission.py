"""Requests are let into Python in the order of their coming, no more at once than keep it busy.

A worker runs one thread of Python at a time. Of many that are ready any may be the next, whenever one waits for Redis:
with 64 connections that switching was a fifth of what a hit computes, and p99 was half as long again as by turns
(docs/performance.md). So a request waits for its turn once its body is there, and gives the turn back before it waits
for anything slower than Redis, and at its end.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from caching.redis.latency import Least, redis_latency

MOST = 64
BETWEEN_TRIPS_SECONDS = 0.00025
"""What a hit computes between two round trips to Redis, roughly: while it waits for longer, others can compute."""
KEPT_SECONDS = 0.1
"""Whoever has had a turn for longer while others wait has met something slow that nobody thought of, and loses it."""


class Turns:
    """First come, first served. A thread has one turn or none."""

    def __init__(self, latency: Least = redis_latency) -> None:
        self._latency = latency
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken: dict[threading.Lock, float] = {}
        """Since when, by `time.monotonic()`. A turn is a lock that is released when it begins."""
        self._own = threading.local()

    @property
    def taken(self) -> int:
        return len(self._taken)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def at_once(self) -> int:
        """How many have their turn together: one where Redis is as near as on the same machine."""
        return min(MOST, 1 + int(self._latency.least / BETWEEN_TRIPS_SECONDS))

    def begin(self) -> None:
        """Wait for this thread's turn."""
        turn = threading.Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            # Each looks after those before it have had the time to, or a long line would be busy with looking.
            patience = KEPT_SECONDS * len(self._waiting)
            self._let_in()
        while not turn.acquire(timeout=patience):
            self._take_away()
        self._own.turn = turn

    def give_back(self) -> None:
        """Let the next one begin. Nothing happens where this thread has no turn."""
        turn = getattr(self._own, "turn", None)
        if turn is None:
            return
        self._own.turn = None
        with self._lock:
            self._taken.pop(turn, None)
            self._let_in()

    def _take_away(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._taken = {turn: since for turn, since in self._taken.items() if now - since < KEPT_SECONDS}
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and len(self._taken) < self.at_once:
            turn = self._waiting.popleft()
            self._taken[turn] = time.monotonic()
            turn.release()


turns = Turns()
