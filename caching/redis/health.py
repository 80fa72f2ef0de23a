"""State of Redis for the dashboard, `cache_stats` and `cache_doctor`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from caching import keys
from caching.redis import scan, store
from caching.redis.version import product

# A database with fewer keys is counted to the end. In a larger one keys are counted for so long, and the rest is
# extrapolated.
EXACT_BELOW = 100_000
SAMPLE_SECONDS = 0.2
# A step of the count is larger than other scans: it asks nothing about the keys that it finds.
COUNT_STEP = 1000
# Policies under which a full Redis drops entries. All of ours have a TTL, so `volatile-…` will do.
EVICTING = (
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)


def memory_warning(policy: str, max_bytes: int) -> str:
    """Describe what will fail when Redis is full; empty if nothing will, or `policy` is not known."""
    if not policy:
        return ""
    if not max_bytes:
        return "maxmemory is not set: Redis can fill the machine's memory. Set it, and maxmemory-policy allkeys-lru"
    if policy in EVICTING:
        return ""
    return f"maxmemory-policy is {policy}: a full Redis refuses writes. Set it to allkeys-lru"


@dataclass(frozen=True, slots=True)
class RedisHealth:
    # "off", "up" or "down".
    status: str
    since: datetime | None = None
    reason: str = ""
    ping_ms: float | None = None
    version: str = ""
    # 0: unknown.
    used_bytes: int = 0
    # 0: no limit.
    max_bytes: int = 0
    policy: str = ""
    evicted: int = 0
    # In the whole database, keys of other applications included.
    keys: int = 0

    @property
    def warning(self) -> str:
        return memory_warning(self.policy, self.max_bytes)


@dataclass(frozen=True, slots=True)
class KeyCounts:
    by_kind: dict[str, int]
    # False: extrapolated from a sample.
    exact: bool


def redis_health() -> RedisHealth:
    if not store.enabled():
        return RedisHealth("off")
    ping = store.ping_milliseconds()
    found: dict[str, Any] | None = scan.info()
    since = datetime.fromtimestamp(store.state().since, UTC)
    if ping is None or (found is None and not store.available()):
        return RedisHealth("down", since, store.state().reason)
    # Its user may lack INFO, which requests do not need.
    found = found or {}
    return RedisHealth(
        status="up",
        since=since,
        ping_ms=ping,
        version=product(found),
        used_bytes=int(found.get("used_memory") or 0),
        max_bytes=int(found.get("maxmemory") or 0),
        policy=str(found.get("maxmemory_policy", "")),
        evicted=int(found.get("evicted_keys", 0)),
        keys=scan.size() or 0,
    )


def keys_by_kind(seconds: float = SAMPLE_SECONDS) -> KeyCounts:
    """Count the keys of each kind; of EXACT_BELOW keys or more, estimate the rest after `seconds`."""
    counts: dict[str, int] = dict.fromkeys(keys.KINDS, 0)
    size = scan.size() or 0
    deadline = time.monotonic() + seconds if size >= EXACT_BELOW else math.inf
    scanned = 0
    for found in scan.scan_all(count=COUNT_STEP):
        scanned += COUNT_STEP
        for key in found:
            counts[keys.kind_of(key)] += 1
        if scanned < size and time.monotonic() > deadline:
            return KeyCounts({kind: _rounded(count * size / scanned) for kind, count in counts.items()}, exact=False)
    return KeyCounts(counts, exact=store.available())


def _rounded(estimate: float) -> int:
    """Round to two digits: more would change at every look."""
    return int(float(f"{estimate:.1e}"))
