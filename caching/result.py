"""Result of a request to one of the caches: value, cache status, age, usage."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar, cast

from caching import metrics
from caching.coordination import admission, rate_limit
from caching.entry import CacheEntry
from caching.policy import CacheType, Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.semantic.cache import Match

logger = logging.getLogger(__name__)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
V = TypeVar("V")
Status = Literal["hit", "miss", "bypass"]
DAILY_ENTRIES = "daily-entries"


class NothingCached(LookupError):
    """No acceptable entry, and `only_if_cached` forbids to call a provider."""


@dataclass(frozen=True, slots=True)
class CacheResult(Generic[T_co]):
    value: T_co
    status: Status
    """`bypass`: not looked up, because the caller asked for a fresh answer or the cache is off or disconnected."""
    key: str
    age: int = 0
    """Whole seconds since the value was made."""
    ttl: int = 0
    """Whole seconds of freshness left, negative for a stale entry; 0 if nothing is stored."""
    stored: bool = False
    stale: bool = False
    """A hit past its time to live, because the provider fails (RFC 5861)."""
    match: Literal["", "exact", "semantic"] = ""
    matched: Match | None = None
    """The earlier question that this answer was made for; only if `match` is semantic."""
    collapsed: bool = False
    """Another caller's work was shared: this miss cost nothing (RFC 9211, section 2.7)."""
    partial: bool = False
    """A miss of which some parts were stored (RFC 9211, section 2.2)."""
    billed: Usage | None = None
    """Units that the provider billed; for a hit, those of the original call. None: unknown, or the stream goes on."""
    rule: str = ""
    """Name of the cache rule that applies."""
    not_stored: str = ""
    """Limit of the client for which nothing is stored."""
    served: Usage = Usage()  # noqa: RUF009 (frozen)
    """Units that came from the cache or another caller's work in a request that is not a hit."""


def hit(
    cache_type: CacheType, key: str, policy: Policy, entry: CacheEntry[T], *, subject: str, matched: Match | None = None
) -> CacheResult[T]:
    """Count a hit, log it with its `subject`, and return its result."""
    count(cache_type, "hit", policy, subject)
    if policy.stale:
        metrics.STALE.labels(cache_type).inc()
    age = entry.age
    return CacheResult(
        entry.value,
        "hit",
        key,
        age=age,
        ttl=entry.ttl - age,
        stored=True,
        stale=policy.stale,
        match="semantic" if matched else "exact",
        matched=matched,
        billed=entry.usage,
        rule=policy.rule,
    )


def miss(
    cache_type: CacheType,
    key: str,
    policy: Policy,
    value: T,
    *,
    subject: str,
    leads: bool = True,
    stored: bool = False,
    usage: Usage | None = None,
) -> CacheResult[T]:
    """Count a request without a hit and return its result.

    `leads`: this request called the provider; False: it shared another caller's call, so `usage` cost it nothing.
    """
    status = status_without_hit(policy)
    count(cache_type, status, policy, subject)
    return CacheResult(
        value,
        status,
        key,
        ttl=policy.ttl(cache_type) if stored else 0,
        stored=stored,
        collapsed=not leads,
        billed=usage if leads else Usage(),
        served=Usage() if leads else usage or Usage(),
        rule=policy.rule,
        not_stored="" if stored else why_not_stored(policy),
    )


def why_not_stored(policy: Policy) -> str:
    """Return the limit that keeps new entries of this client out of the cache, else ""."""
    return DAILY_ENTRIES if policy.write and rate_limit.is_used_up(policy.quota) else ""


def leave_lookup(cache_type: CacheType, policy: Policy, *, subject: Callable[[], str]) -> None:
    """End a look-up without a hit: other requests go first from now on.

    Raises NothingCached, counted as a request without a hit, if `policy` allows nothing but a hit.
    """
    admission.release()
    if policy.only_if_cached:
        count(cache_type, status_without_hit(policy), policy, subject())
        raise NothingCached


def with_value(result: CacheResult[object], value: V) -> CacheResult[V]:
    return cast("CacheResult[V]", replace(result, value=value))


def status_without_hit(policy: Policy) -> Status:
    """Status of a request without a hit. Call it after the look-up, which may have tripped the breaker."""
    return "miss" if policy.read and store.available() else "bypass"


_COUNTERS = {"hit": metrics.HITS, "miss": metrics.MISSES, "bypass": metrics.BYPASSES}


def count(cache_type: CacheType, status: Status, policy: Policy, subject: str) -> None:
    """Count and log one request; `subject` reads like `voice: hi`."""
    _COUNTERS[status].labels(cache_type, policy.level).inc()
    logger.info("%s cache %s for %s", cache_type.upper(), status, subject)
