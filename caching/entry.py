"""Envelope of every stored value: version, check of its own key, age, level, client."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings

from caching import keys
from caching.policy import CacheType, Policy
from caching.pricing.usage import Usage
from caching.redis import store
from caching.redis.serializers import StoredObject

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class CacheEntry(Generic[T_co]):
    value: T_co
    # Billed units; None if unknown.
    usage: Usage | None
    created: float
    # Seconds of freshness, counted from `created`.
    ttl: int
    level: str
    # Seconds that Redis keeps it past `ttl`, for stale-if-error.
    kept: int = 0

    @property
    def age(self) -> int:
        return max(0, int(time.time() - self.created))


@dataclass(frozen=True, slots=True)
class Fresh(Generic[T_co]):
    """A new value, and whether it has been stored."""

    value: T_co
    stored: bool


class Subject(Protocol):
    """A query, recording, passage or utterance."""

    @property
    def key(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def asked_by(self) -> str: ...


def envelope(
    subject: Subject, cache_type: CacheType, policy: Policy, *, version: int | None, age: int = 0, context: str = ""
) -> dict[str, Any]:
    """Return the fields that `read` checks, and those that say whose entry it is and of what.

    `age`: whole seconds since the oldest part of the value was made. `context`: a second digest beside the subject's
    content; both are for `keys.unpacked`.
    """
    fields = {
        **({} if version is None else {"v": version}),
        "key": keys.self_check(subject.key),
        "digests": keys.packed(subject.content, context),
        "created": round(time.time() - age, 3),
        "ttl": policy.ttl(cache_type),
        "level": policy.level,
        "by": subject.asked_by,
    }
    if settings.STALE_IF_ERROR_SECONDS:
        fields["kept"] = settings.STALE_IF_ERROR_SECONDS
    return fields


def seconds_in_redis(fields: Mapping[str, Any], age: int = 0) -> int:
    """Return the Redis TTL of a value with the envelope `fields`: its freshness, and the time it may be stale."""
    return int(fields["ttl"]) - age + int(fields.get("kept", 0))


def is_of_another_version(fields: Mapping[str, Any], version: int | None) -> bool:
    found = fields.get("v")
    return isinstance(found, int) and found != version


def read(
    key: str,
    fields: Mapping[str, Any],
    cache_type: CacheType,
    policy: Policy,
    parse: Callable[[], tuple[T, Usage | None]],
    *,
    version: int | None,
) -> CacheEntry[T] | None:
    """Return the entry stored under `key` if `policy` accepts its age: it is fresh for the time of the level that
    stored it or of the one that reads it, whichever is shorter.

    An entry that was moved or damaged is deleted. One of another version stays for the workers of that version, which
    run beside this one during an upgrade.

    `parse` returns the value and its usage; it may raise AttributeError, KeyError, TypeError or ValueError. What it
    returns is kept with a StoredObject: readers share the value, and must not change it, and all of them must read the
    object for the same key, version and parse.
    """
    entry = fields.parsed if isinstance(fields, StoredObject) else None
    if entry is None:
        try:
            if is_of_another_version(fields, version):
                return None
            if fields.get("v") != version or fields["key"] != keys.self_check(key):
                raise ValueError("another version or another key")
            value, usage = parse()
            created, ttl, kept = float(fields["created"]), int(fields["ttl"]), int(fields.get("kept", 0))
            entry = CacheEntry(value, usage, created, ttl, fields["level"], kept)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            store.discard(key, f"not an entry of this version: {error}")
            return None
        if isinstance(fields, StoredObject):
            fields.parsed = entry
    if (fresh_for := policy.ttl(cache_type)) < entry.ttl:
        entry = replace(entry, ttl=fresh_for, kept=entry.kept + entry.ttl - fresh_for)
    return entry if policy.accepts(entry.created, entry.ttl, entry.kept) else None
