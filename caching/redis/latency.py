"""Latency of Redis: the shortest recent round trip."""

from __future__ import annotations

import math
import time

WINDOW_SECONDS = 10.0


class RecentMinimum:
    """Minimum of the last one or two windows, so that delays by other work do not count."""

    def __init__(self) -> None:
        self._before = self._now = math.inf
        self._began = time.monotonic()
        # 0 before the first value.
        self.value = 0.0

    def add(self, value: float) -> None:
        self._now = min(self._now, value)
        if time.monotonic() - self._began > WINDOW_SECONDS:
            self._before, self._now, self._began = self._now, math.inf, time.monotonic()
        self.value = min(self._before, self._now)


redis_latency = RecentMinimum()
