"""The last requests in Redis: a stream that all workers append to, at most MAX_LENGTH long and KEPT_SECONDS old."""

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
MAX_LENGTH = 2_000
KEPT_SECONDS = 3_600
BATCH = 500

# A script: redis-py takes 0.1 ms for each XADD. ARGV: most entries, the oldest id, seconds, number of those left out,
# and the requests.
_APPEND = """
for at = 5, #ARGV do
    local fields = {'r', ARGV[at]}
    if at == 5 and ARGV[4] ~= '0' then fields = {'r', ARGV[at], 'd', ARGV[4]} end
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
end
redis.call('XTRIM', KEYS[1], 'MINID', '~', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""


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
    texts = [json.dumps(each, separators=(",", ":")) for each in told]
    oldest = int((time.time() - KEPT_SECONDS) * 1000)
    store.connection().eval(_APPEND, 1, _name(), MAX_LENGTH, oldest, KEPT_SECONDS, dropped, *texts)


@store.fail_open(None)
def latest(after: str = "") -> list[Recent]:
    """Return the requests after the one with the id `after`, newest first; None if Redis is disconnected."""
    oldest = f"({after}" if after else "-"
    return list(_read(store.connection().xrevrange(_name(), min=oldest, count=MAX_LENGTH)))


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
