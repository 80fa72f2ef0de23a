"""A lease in Redis on a piece of work: one holder at a time, and a mark for it that somebody waits for what it does.

The key holds the holder's token, with the mark behind it once somebody came who did not get the lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, cast

from caching.redis import store
from caching.redis.commands import Command, in_order

SECONDS = 1.2
"""How long a dead holder goes unnoticed, at most."""

_MARK = "+"
# Whose the lease is; if another's, marked from now on. APPEND leaves the time to live as it is.
_JOIN = f"""
local holder = redis.call('GET', KEYS[1])
if not holder then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return ARGV[1]
end
if string.sub(holder, -1) ~= '{_MARK}' then redis.call('APPEND', KEYS[1], '{_MARK}') end
return holder
"""
# Given up if it still reads as it is thought to.
_RELEASE = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('DEL', KEYS[1]) end
return holder
"""


class Lease:
    """It lasts SECONDS unless it is renewed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.token = secrets.token_hex(8)
        self.marked = self.token + _MARK
        """What the key holds when somebody waits."""

    def acquire(self, then: Sequence[Command] = ()) -> tuple[str | None, list[Any]]:
        """The token of who holds the lease now, possibly our own, and what Redis answers to the commands behind it.

        No token without Redis.
        """
        holder, *answers = _join(self.name, self.token, then)
        return holder and holder.decode().removesuffix(_MARK), answers

    def release(self) -> bool:
        """Give it up, but not while somebody waits who was not there before: whether there is somebody."""
        return _release(self.name, self.token) == self.marked

    def release_marked(self) -> None:
        """Give it up although it is marked."""
        _release(self.name, self.marked)

    def held_by(self, token: str) -> bool:
        return any(holder in (token, token + _MARK) for holder in holders([self]))


@store.fail_open([])
def holders(leases: Sequence[Lease]) -> list[str | None]:
    """What each key holds; nothing at all without Redis."""
    pipeline = store.connection().pipeline(transaction=False)
    for lease in leases:
        pipeline.get(lease.name)
    return [holder.decode() if holder else None for holder in pipeline.execute()]


@store.fail_open(None)
def renew(leases: Sequence[Lease]) -> None:
    pipeline = store.connection().pipeline(transaction=False)
    for lease in leases:
        pipeline.pexpire(lease.name, _milliseconds())
    pipeline.execute()


@store.fail_open((None,))
def _join(name: str, token: str, then: Sequence[Command]) -> Sequence[Any]:
    return in_order(store.connection(), [lambda redis: redis.eval(_JOIN, 1, name, token, _milliseconds()), *then])


@store.fail_open(None)
def _release(name: str, holder: str) -> str | None:
    """Who held it."""
    found = cast("bytes | None", store.connection().eval(_RELEASE, 1, name, holder))
    return found.decode() if found else None


def _milliseconds() -> int:
    return int(SECONDS * 1000)
