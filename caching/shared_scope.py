"""What has been asked for by enough clients to be kept where all of those that share find it.

A name (the key that an entry would have in the shared scope) comes to the set `asked:{digest}` of whoever asked for it
in the last day. One client alone, however often it asks, puts nothing where others would be given it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from caching import keys
from caching.redis import store

KEPT_SECONDS = 86_400
_BARRED = "barred"


def admitted(names: Sequence[str], client: str) -> list[bool]:
    """For each name whether SHARED_SCOPE_CLIENTS have asked for it, `client` included, which is noted.

    One round trip for all. Without Redis nothing is admitted.
    """
    return _admitted(names, client) or [False] * len(names)


@store.fail_open(None)
def bar(name: str) -> None:
    """Let nobody share what goes by this name, for a day from the last time that it is asked for."""
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
