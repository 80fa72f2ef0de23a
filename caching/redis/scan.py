"""Walk over the keys in Redis without blocking it: SCAN in small steps, UNLINK in batches, no KEYS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from redis.exceptions import ResponseError

from caching import keys
from caching.redis import cluster
from caching.redis.serializers import AudioSerializer, JSONSerializer, Unreadable
from caching.redis.short_form import complete
from caching.redis.store import connection, fail_open

# Keys per step. Each of SCAN, MEMORY USAGE and UNLINK then blocks Redis for 0.3 ms.
STEP = 100
# In place of the time to live of a key.
GONE = -2
_GLOB = re.compile(r"([\\*?\[\]^])")


@dataclass(frozen=True, slots=True)
class Stored:
    """One key as stored in Redis."""

    key: str
    kind: str
    # Memory that Redis uses for it; 0 where it does not tell.
    bytes: int
    # Seconds of freshness left, without the time kept for stale-if-error; None: it never expires.
    ttl: int | None
    # The JSON value, or the fields stored beside the audio, by `keys.unpacked`; empty for anything else.
    fields: dict[str, Any]


def escape(text: str) -> str:
    """Return a pattern that matches only `text`."""
    return _GLOB.sub(r"\\\1", text)


@fail_open(None)
def scan(cursor: int, pattern: str = "*", count: int = STEP) -> tuple[int, list[str]]:
    """Run one step. Return the next cursor (0 at the end) and our keys that match; None while Redis is disconnected."""
    prefix = settings.CACHE_KEY_PREFIX
    in_redis = keys.make_key(pattern, escape(prefix), 1)
    cursor, found = cluster.scan(connection(), cursor, match=in_redis, count=count)
    names = (keys.reverse_key(name.decode("utf-8", "replace")) for name in found)
    return cursor, [name for name in names if keys.kind_of(name)]


def scan_all(pattern: str = "*", count: int = STEP) -> Iterator[list[str]]:
    """Yield the keys of all steps. Stop early if Redis disconnects, unless within `must_succeed`."""
    cursor = 0
    while step := scan(cursor, pattern, count):
        cursor, found = step
        yield found
        if not cursor:
            return


@fail_open(None)
def memory(names: Sequence[str]) -> list[int]:
    """Return the bytes in memory of each key; 0 for one that is gone, and where Redis does not tell."""
    pipeline = connection().pipeline(transaction=False)
    for name in names:
        pipeline.memory_usage(_in_redis(name))
    return [_size(answer) for answer in pipeline.execute(raise_on_error=False)]


@fail_open(None)
def ttls(names: Sequence[str]) -> list[int]:
    """Return the seconds that Redis will keep each key; negative for one that is gone or never expires."""
    pipeline = connection().pipeline(transaction=False)
    for name in names:
        pipeline.ttl(_in_redis(name))
    found: list[int] = pipeline.execute()
    return found


@fail_open(None)
def describe(names: Sequence[str]) -> list[Stored]:
    """Describe each key in one round trip, reading only the beginning of audio. Keys that are gone are left out."""
    pipeline = connection().pipeline(transaction=False)
    for name in names:
        pipeline.memory_usage(_in_redis(name))
        pipeline.ttl(_in_redis(name))
        if keys.kind_of(name) == keys.SPEECH:
            pipeline.getrange(_in_redis(name), 0, AudioSerializer.HEAD - 1)
        else:
            pipeline.get(_in_redis(name))
    answers = pipeline.execute(raise_on_error=False)
    sizes, seconds, values = (answers[part::3] for part in range(3))
    for answer in (*seconds, *values):
        # Not every key holds a string; the error of one that does not is an answer too.
        if isinstance(answer, Exception) and "WRONGTYPE" not in str(answer):
            raise answer
    found = zip(names, map(_size, sizes), seconds, values, strict=True)
    return [_stored(*stored) for stored in found if stored[2] != GONE]


@fail_open(None)
def info() -> dict[str, Any]:
    """Return all sections of Redis' INFO."""
    found: dict[str, Any] = connection().info()
    return found


@fail_open(None)
def size() -> int:
    """Return the number of keys in the database, other applications' included."""
    return cluster.size(connection())


def _size(answer: Any) -> int:
    """Return the answer to MEMORY USAGE. Hosted plans and other products may lack it, or err for a key that is gone."""
    # A subclass is a failure of more than this command, or a permission to grant.
    if type(answer) is ResponseError:
        return 0
    if isinstance(answer, Exception):
        raise answer
    return answer or 0


def _in_redis(key: str) -> str:
    return keys.make_key(key, settings.CACHE_KEY_PREFIX, 1)


def _stored(key: str, size: int, ttl: Any, value: Any) -> Stored:
    fields = _fields(key, value)
    kept = fields.get("kept", 0)
    seconds = max(0, ttl - kept) if isinstance(ttl, int) and ttl >= 0 and isinstance(kept, int) else None
    return Stored(key, keys.kind_of(key), size, seconds, fields)


def _fields(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, bytes):
        return {}
    try:
        is_audio = keys.kind_of(key) == keys.SPEECH
        fields = AudioSerializer({}).loads_fields(value) if is_audio else JSONSerializer({}).loads(value)
        complete(fields)
    except Unreadable:
        return {}
    return keys.unpacked(fields)
