"""Names requested by enough clients to be shared.

The set `asked:{digest}` holds the clients that requested a name (the key of the entry in the shared scope) within a
day. One client alone never makes an entry visible to others.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from caching import keys
from caching.redis import store

KEPT_SECONDS = 86_400
_BARRED = "barred"


def admitted(names: Sequence[str], client: str) -> list[bool]:
    """Record the request of `client`, and return for each name if SHARED_SCOPE_CLIENTS have requested it.

    One round trip for all. Without Redis nothing is admitted.
    """
    return _admitted(names, client) or [False] * len(names)


@store.fail_open(None)
def block(name: str) -> None:
    """Block sharing of this name until a day after its last request."""
    pipeline = store.connection().pipeline(transaction=False)
    pipeline.sadd(_key(name), _BARRED)
    pipeline.expire(_key(name), KEPT_SECONDS)
    pipeline.execute()


@store.fail_open(None)
def _admitted(names: Sequence[str], client: str) -> list[bool]:
    pipeline = store.connection().pipeline(transaction=False)
    for key in map(_key, names):
        pipeline.sadd(key, client)
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.scard(key)
        pipeline.sismember(key, _BARRED)
    answers = pipeline.execute()
    pairs = zip(answers[2::4], answers[3::4], strict=True)
    return [count >= settings.SHARED_SCOPE_CLIENTS and not barred for count, barred in pairs]


def _key(name: str) -> str:
    return keys.make_key(f"{keys.ASKED}:{keys.digest(name)[:32]}", settings.CACHE_KEY_PREFIX, 1)
