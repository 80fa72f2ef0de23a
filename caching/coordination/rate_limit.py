"""Rate limits over all processes that share a Redis, and daily quotas of new entries.

Without Redis each process allows its share of a rate limit, and nothing can be stored.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import cast

from django.conf import settings

from caching import keys
from caching.policy import Quota
from caching.redis import store

WINDOW_SECONDS = 60
DAY_SECONDS = 86_400
# Names that a process without Redis counts: each attempt to log in may bring a new one.
MAX_NAMES = 10_000

# A list of the last ARGV[1] moments by Redis' own clock, because those of machines differ.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local earlier = redis.call('LINDEX', KEYS[1], most - 1)
if earlier and now - earlier < window then
    return window - (now - earlier)
end
redis.call('LPUSH', KEYS[1], now)
redis.call('LTRIM', KEYS[1], 0, most - 1)
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


def take(name: str, most: int) -> float:
    """Take one of `most` permits per WINDOW_SECONDS. Return 0.0, or the seconds until one is free.

    One round trip, and exact over all processes. Without Redis each of the WORKERS processes allows its share, at least
    one.
    """
    waiting = _take_in_redis(name, most)
    if waiting is None:
        return _local.take(name, max(1, most // settings.WORKERS))
    return waiting / 1000


@store.fail_open(None)
def _take_in_redis(name: str, most: int) -> int:
    key = keys.make_key(f"{keys.LIMIT}:{name}", settings.CACHE_KEY_PREFIX, 1)
    script = store.connection().register_script(_TAKE)
    return cast("int", script([key], [most, WINDOW_SECONDS * 1000]))


@store.fail_open(False)
def within(quota: Quota | None) -> bool:
    """Count one more entry. Return True if it may be written: always without a quota, never without Redis."""
    if quota is None:
        return True
    key = _entries_key(quota)
    pipeline = store.connection().pipeline(transaction=False)
    pipeline.incr(key)
    pipeline.expire(key, DAY_SECONDS)
    return int(pipeline.execute()[0]) <= quota.daily_entries


@store.fail_open(False)
def is_used_up(quota: Quota | None) -> bool:
    """Return True if no more entries may be written today. Count nothing."""
    if quota is None:
        return False
    return int(store.connection().get(_entries_key(quota)) or 0) >= quota.daily_entries


def _entries_key(quota: Quota) -> str:
    name = f"{keys.LIMIT}:{quota.holder}:entries:{datetime.now(UTC):%Y-%m-%d}"
    return keys.make_key(name, settings.CACHE_KEY_PREFIX, 1)


class _LocalLimits:
    """Sliding-window limits of this process alone."""

    def __init__(self) -> None:
        self._moments: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, most: int) -> float:
        now = time.monotonic()
        with self._lock:
            if len(self._moments) >= MAX_NAMES and name not in self._moments:
                self._drop_old(now)
            moments = self._moments.setdefault(name, deque())
            while moments and now - moments[0] >= WINDOW_SECONDS:
                moments.popleft()
            if len(moments) >= most:
                return WINDOW_SECONDS - (now - moments[-most])
            moments.append(now)
            return 0.0

    def _drop_old(self, now: float) -> None:
        """Drop names that were not taken within the window, and the oldest of more than MAX_NAMES."""
        ordered = sorted(self._moments.items(), key=lambda item: item[1][-1])
        fresh = [(name, moments) for name, moments in ordered if now - moments[-1] < WINDOW_SECONDS]
        self._moments = dict(fresh[-MAX_NAMES // 2 :])


_local = _LocalLimits()
