"""Lease in Redis: one holder at a time, and a mark that tells the holder that somebody waits for its work.

The key holds the holder's token, followed by the mark once another process has failed to get the lease.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, cast

from caching.redis import store
from caching.redis.commands import Command, in_order

SECONDS = 1.2  # unless it is renewed; the longest time in which a dead holder goes unnoticed

_MARK = "+"
# Return the holder; mark the lease if that is somebody else. APPEND leaves the time to live as it is.
_JOIN = f"""
local holder = redis.call('GET', KEYS[1])
if not holder then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return ARGV[1]
end
if string.sub(holder, -1) ~= '{_MARK}' then redis.call('APPEND', KEYS[1], '{_MARK}') end
return holder
"""
# Delete the key if it still holds the given value. Return what it held.
_RELEASE = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then redis.call('DEL', KEYS[1]) end
return holder
"""


class Lease:
    def __init__(self, name: str) -> None:
        self.name = name
        self.token = secrets.token_hex(8)
        self.marked = self.token + _MARK

    def acquire(self, then: Sequence[Command] = ()) -> tuple[str | None, list[Any]]:
        """Return the token of the holder, which is our own if the lease was free, and the replies to `then`.

        The commands `then` are sent after it in the same round trip. The token is None without Redis.
        """
        holder, *replies = _join(self.name, self.token, then)
        return holder and holder.decode().removesuffix(_MARK), replies

    def release(self) -> bool:
        """Release the lease unless a follower has marked it. Return True if one has."""
        return _release(self.name, self.token) == self.marked

    def write_and_release(self, commands: Sequence[Command]) -> tuple[bool, bool | None]:
        """Send write commands and release the lease after them, in one round trip.

        Return whether Redis took them, and whether a follower has marked the lease; None if that is unknown.
        """
        replies = store.written([*commands, _releasing(self.name, self.token)], ordered=True)
        return (False, None) if replies is None else (True, _text(replies[-1]) == self.marked)

    def release_marked(self) -> None:
        _release(self.name, self.marked)

    def held_by(self, token: str) -> bool:
        return any(holder in (token, token + _MARK) for holder in holders([self]))


@store.fail_open([])
def holders(leases: Sequence[Lease]) -> list[str | None]:
    """Return the value of each key; an empty list without Redis."""
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
def _release(name: str, value: str) -> str | None:
    """Return the value that the key held."""
    return _text(_releasing(name, value)(store.connection()))


def _releasing(name: str, value: str) -> Command:
    return lambda redis: redis.eval(_RELEASE, 1, name, value)


def _text(reply: Any) -> str | None:
    return cast("bytes", reply).decode() if reply else None


def _milliseconds() -> int:
    return int(SECONDS * 1000)
