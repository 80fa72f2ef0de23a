"""What a caller of the cache gets back beside the value itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar, cast

from caching import metrics
from caching.policy import CacheType, Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.semantic.cache import Match

T_co = TypeVar("T_co", covariant=True)
V = TypeVar("V")
Status = Literal["hit", "miss", "bypass"]


@dataclass(frozen=True, slots=True)
class CacheResult(Generic[T_co]):
    value: T_co
    status: Status
    """`bypass`: not looked up, because the caller asked for a new answer or the cache is off or away."""
    key: str
    age: int = 0
    """Whole seconds since the value was made."""
    ttl: int = 0
    """Whole seconds that the entry still lives, negative where it should not any more; 0 when nothing is stored."""
    stored: bool = False
    stale: bool = False
    """A hit past its time to live, because the provider fails (RFC 5861)."""
    match: Literal["", "exact", "semantic"] = ""
    matched: Match | None = None
    """The earlier question whose answer this is, where `match` is semantic."""
    collapsed: bool = False
    """Another caller's work was shared: this miss cost nothing (RFC 9211, section 2.7)."""
    billed: Usage | None = None
    """What the provider billed; for a hit, what it had billed. None: it did not say, or a stream has not ended."""
    served: Usage = Usage()  # noqa: RUF009 (frozen)
    """What came from the cache, or from another caller's work, in a request that is no hit."""


def carrying(result: CacheResult[object], value: V) -> CacheResult[V]:
    """The same result with another value, as a stream where it was whole."""
    return cast("CacheResult[V]", replace(result, value=value))


def without_a_hit(policy: Policy) -> Status:
    """How a request ends that found no entry. Ask after the look-up: it may have been what found that Redis is gone."""
    return "miss" if policy.read and store.available() else "bypass"


def count_as(cache_type: CacheType, policy: Policy, status: Status) -> None:
    counter = {"hit": metrics.HITS, "miss": metrics.MISSES, "bypass": metrics.BYPASSES}[status]
    counter.labels(cache_type, policy.level).inc()


class NothingCached(LookupError):
    """`only_if_cached` was asked for and there is no entry that the caller accepts."""
