"""The last requests in Redis: a stream that all workers append to, at most MOST long and KEPT_SECONDS old."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from django.conf import settings

from caching import keys
from caching.installation import installation_id
from caching.redis import store

# About 1 MB.
MOST = 2_000
KEPT_SECONDS = 3_600
BATCH = 500


class Recent(NamedTuple):
    # Of the stream, such as `1700000000000-0`: later ones are greater.
    id: str
    # See caching.ledger.recent.
    told: dict[str, Any]
    # Requests that were left out before this one, because too many came.
    dropped: int


@store.fail_open(None)
def append(told: list[dict[str, Any]], dropped: int) -> None:
    """Append in one round trip; the first of `told` carries the number of those left out."""
    pipeline = store.connection().pipeline(transaction=False)
    for number, each in enumerate(told):
        fields: dict[Any, Any] = {"r": json.dumps(each, separators=(",", ":"))}
        if dropped and not number:
            fields["d"] = dropped
        pipeline.xadd(_name(), fields, maxlen=MOST, approximate=True)
    oldest = int((time.time() - KEPT_SECONDS) * 1000)
    pipeline.xtrim(_name(), minid=str(oldest), approximate=True)
    pipeline.expire(_name(), KEPT_SECONDS)
    pipeline.execute()


@store.fail_open(None)
def latest(after: str = "") -> list[Recent]:
    """Return the requests after the one with the id `after`, newest first; None if Redis is disconnected."""
    oldest = f"({after}" if after else "-"
    return list(_read(store.connection().xrevrange(_name(), min=oldest, count=MOST)))


@store.fail_open(None)
def get(id: str) -> Recent | None:
    return next(_read(store.connection().xrange(_name(), min=id, max=id)), None)


@store.fail_open(0)
def erase(client: str) -> int:
    """Delete the requests of one client. Return how many there were."""
    theirs = [recent.id for recent in _read(store.connection().xrange(_name())) if recent.told.get("client") == client]
    for start in range(0, len(theirs), BATCH):
        store.connection().xdel(_name(), *theirs[start : start + BATCH])
    return len(theirs)


def is_id(text: str) -> bool:
    """Return True for a name that Redis gives."""
    milliseconds, _, number = text.partition("-")
    return all(part.isdecimal() and part.isascii() and len(part) <= 15 for part in (milliseconds, number))


def _read(found: Any) -> Iterator[Recent]:
    for id, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", found):
        try:
            told = json.loads(fields[b"r"])
        except (KeyError, ValueError):
            continue
        if isinstance(told, dict):
            yield Recent(id.decode(), told, int(fields.get(b"d", 0)))


def _name() -> str:
    return keys.make_key(f"{keys.REQUESTS}:{installation_id()[:16]}", settings.CACHE_KEY_PREFIX, 1)
