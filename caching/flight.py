"""One caller works, the others wait: identical work at the same time, in any process that shares the Redis, once.

The leader holds a lease in Redis, renews it while it lives, and appends what it makes to a Redis stream; followers read
that stream. A lease that runs out means that the leader died: a follower then takes over. Without Redis everybody works
for themselves.

Keys: `flight:{name}` (the lease, holding the leader's token) and `flight:{name}:{token}` (the stream).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from caching import store

LEASE_SECONDS = 1.2
"""How long a dead leader goes unnoticed, at most."""
RENEWAL_SECONDS = 0.3
BLOCK_MILLISECONDS = 120
"""How long one read waits. Below REDIS_TIMEOUT_MS, or waiting would look like a Redis that hangs."""
LEAST_SECONDS_BETWEEN_READS = 0.06
"""With it a follower sends at most 17 commands a second, however fast the leader writes."""
KEPT_SECONDS = 120
"""How long a stream stays if its leader dies without ending it."""
ENDED_SECONDS = 10
"""How long it stays when it has ended, for followers that have not read all of it."""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class LeaderLost(Exception):
    """The leader died, or Redis did, when part of its work had been given out already."""


class LeaderSilent(Exception):
    """Nothing came from the leader for as long as the caller was ready to wait."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How a failure of the leader is told to its followers."""

    dump: Callable[[Exception], dict[str, Any] | None]
    """None: this failure concerns the leader alone, and a follower should try for itself."""
    load: Callable[[dict[str, Any]], Exception]


def share(
    name: str, produce: Callable[[], Iterator[bytes]], *, failures: Failures, patience: float
) -> tuple[bool, Iterator[bytes]]:
    """Whether this caller leads, and the items of `produce`, made by it or by whoever leads.

    A follower's items come as the leader makes them. It raises what `failures.load` makes of the leader's failure,
    LeaderSilent after `patience` seconds without an item, and LeaderLost if the leader died after giving out items; if
    it died before, the follower takes over.
    """
    lease = _Lease(f"flight:{name}")
    token = lease.acquire()
    if token is None:
        return True, produce()
    if token == lease.token:
        return True, _lead(lease, produce, failures)

    def try_again() -> Iterator[bytes]:
        return share(name, produce, failures=failures, patience=patience)[1]

    return False, _follow(lease, token, try_again, failures, patience)


def _lead(lease: _Lease, produce: Callable[[], Iterator[bytes]], failures: Failures) -> Iterator[bytes]:
    _heart.add(lease)
    stream = _Stream(lease.name, lease.token)
    ending = (b"failed", b"")
    try:
        for item in produce():
            stream.append(item)
            yield item
        ending = (b"end", b"")
    except Exception as error:
        told = failures.dump(error)
        ending = (b"failed", json.dumps(told).encode() if told else b"")
        raise
    finally:
        _heart.remove(lease)
        stream.end(*ending, lease)


def _follow(
    lease: _Lease, token: str, try_again: Callable[[], Iterator[bytes]], failures: Failures, patience: float
) -> Iterator[bytes]:
    given_out = False
    for kind, item in _events(lease, token, patience):
        if kind == b"end":
            return
        if kind == b"failed" and item:
            raise failures.load(json.loads(item))
        if kind == b"failed":
            break
        given_out = True
        yield item
    if given_out:
        raise LeaderLost
    yield from try_again()


def _events(lease: _Lease, token: str, patience: float) -> Iterator[tuple[bytes, bytes]]:
    """What the leader `token` appends, until it is gone or Redis is. Raises LeaderSilent."""
    stream = _Stream(lease.name, token)
    heard = time.monotonic()
    while (events := stream.read()) is not None:
        if not events and not lease.held_by(token):
            # It may have ended properly between the two questions.
            yield from stream.read(block=False) or ()
            return
        yield from events
        heard = time.monotonic() if events else heard
        if time.monotonic() - heard > patience:
            raise LeaderSilent


class _Lease:
    """Who leads. It lasts LEASE_SECONDS unless it is renewed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.token = secrets.token_hex(8)

    def acquire(self) -> str | None:
        """The token of who holds the lease now: possibly our own. None without Redis."""
        return _acquire(self.name, self.token)

    def held_by(self, token: str) -> bool:
        return _holder(self.name) == token


class _Stream:
    """What a leader has made so far."""

    def __init__(self, lease_name: str, token: str) -> None:
        self._name = f"{lease_name}:{token}"
        self._last: str | bytes = "0"
        self._appended = False
        self._next_read = 0.0

    def append(self, item: bytes) -> None:
        _append(self._name, item, expire=not self._appended)
        self._appended = True

    def end(self, kind: bytes, item: bytes, lease: _Lease) -> None:
        """Append the last event and give up the lease, unless somebody else holds it by now."""
        _end(self._name, kind, item, lease)

    def read(self, *, block: bool = True) -> list[tuple[bytes, bytes]] | None:
        """What came since the last time, after waiting a moment for it. None without Redis."""
        time.sleep(max(0.0, self._next_read - time.monotonic()))
        events = _read(self._name, self._last, BLOCK_MILLISECONDS if block else None)
        self._next_read = time.monotonic() + LEAST_SECONDS_BETWEEN_READS
        if events:
            self._last = events[-1][0]
        return None if events is None else [(kind, item) for _, kind, item in events]


class _Heart:
    """Renews the leases of all that this process leads, in one thread that exists while there are any."""

    def __init__(self) -> None:
        self._leases: set[_Lease] = set()
        self._lock = threading.Lock()
        self._beating = False

    def add(self, lease: _Lease) -> None:
        with self._lock:
            self._leases.add(lease)
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._beat, name="flight-heart", daemon=True).start()

    def remove(self, lease: _Lease) -> None:
        with self._lock:
            self._leases.discard(lease)

    def _beat(self) -> None:
        while True:
            time.sleep(RENEWAL_SECONDS)
            with self._lock:
                names = [lease.name for lease in self._leases]
                if not names:
                    self._beating = False
                    return
            _renew(names)


_heart = _Heart()


@store.fail_open(None)
def _acquire(name: str, token: str) -> str | None:
    redis = store.connection()
    if redis.set(name, token, nx=True, px=int(LEASE_SECONDS * 1000)):
        return token
    holder = cast("bytes | None", redis.get(name))
    # Gone between the two commands: whoever held it has just finished.
    return holder.decode() if holder else _acquire(name, token)


@store.fail_open(None)
def _holder(name: str) -> str | None:
    holder = cast("bytes | None", store.connection().get(name))
    return holder.decode() if holder else None


@store.fail_open(None)
def _renew(names: list[str]) -> None:
    pipeline = store.connection().pipeline(transaction=False)
    for name in names:
        pipeline.pexpire(name, int(LEASE_SECONDS * 1000))
    pipeline.execute()


@store.fail_open(None)
def _append(name: str, item: bytes, *, expire: bool) -> None:
    pipeline = store.connection().pipeline(transaction=False)
    pipeline.xadd(name, {b"item": item})
    if expire:
        pipeline.expire(name, KEPT_SECONDS)
    pipeline.execute()


@store.fail_open(None)
def _end(name: str, kind: bytes, item: bytes, lease: _Lease) -> None:
    pipeline = store.connection().pipeline(transaction=False)
    pipeline.xadd(name, {kind: item})
    pipeline.expire(name, ENDED_SECONDS)
    pipeline.eval(_RELEASE, 1, lease.name, lease.token)
    pipeline.execute()


@store.fail_open(None)
def _read(name: str, after: str | bytes, block: int | None) -> list[tuple[bytes, bytes, bytes]] | None:
    answer = cast("list[Any]", store.connection().xread({name: after}, block=block))
    events = answer[0][1] if answer else []
    return [(identifier, kind, item) for identifier, fields in events for kind, item in fields.items()]
