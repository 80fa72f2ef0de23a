"""Single flight: identical work that is requested at the same time runs once, in any process that shares the Redis.

The leader holds a lease in Redis and renews it. A follower marks the lease; the leader checks for the mark every
POLL_SECONDS and when it gives the lease up, and then writes its items, past and future, to a Redis stream. Most work
has no follower and needs no stream: its items never leave the process. A lease that expires means that the leader died:
a follower takes over. Without Redis every caller does the work itself.

Keys: `flight:{name}` (the lease: the leader's token and the mark) and `flight:{name}:{token}` (the stream).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Generic, TypeVar

from django.conf import settings

from caching import keys, tracing
from caching.background import PeriodicWorker
from caching.coordination.event_stream import EventReader, append_events
from caching.coordination.lease import Lease, holders, renew
from caching.redis import store

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.1  # the longest time in which a leader does not notice its first follower
POLLS_PER_RENEWAL = 3
STREAM_SECONDS = 120  # the stream of a leader that died without ending it
ENDED_STREAM_SECONDS = 10  # for followers that have not read all of it yet


class LeaderLost(Exception):
    """The leader or Redis died after part of the items had been given out. Raised to followers only."""


class LeaderSilent(Exception):
    """No item came from the leader for `patience` seconds."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Transfer of a leader's error to its followers."""

    dump: Callable[[Exception], dict[str, Any] | None]
    """Return None for an error that concerns the leader alone: a follower then does the work itself."""
    load: Callable[[dict[str, Any]], Exception]


@dataclass(frozen=True, slots=True)
class Wire(Generic[T]):
    """Transfer of an item to followers; used only if there are any."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


BYTES: Wire[bytes] = Wire(bytes, bytes)


def share(
    name: str,
    produce: Callable[[], Iterator[T]],
    *,
    failures: Failures,
    patience: float,
    wire: Wire[T] = BYTES,  # type: ignore[assignment]  # the default is for T = bytes
) -> tuple[bool, Iterator[T]]:
    """Return `(leads, items)`; identical concurrent calls share one run of `produce`.

    A leader's items are those of `produce` themselves: the caller must not change them. A follower gets copies as they
    come. It raises the leader's error, LeaderSilent after `patience` seconds without an item, and LeaderLost if the
    leader died after giving out items; if it died before, the follower takes over.
    """

    def lead(flight: Flight[T]) -> Iterator[T]:
        with flight:
            for item in produce():
                flight.add(item)
                yield item

    return fly(name, lead, failures=failures, patience=patience, wire=wire)


def fly(
    name: str,
    lead: Callable[..., Iterator[T]],
    *,
    failures: Failures,
    patience: float,
    wire: Wire[T] = BYTES,  # type: ignore[assignment]  # the default is for T = bytes
    look: store.Command | None = None,
) -> tuple[bool, Iterator[T]]:
    """Do the same for a `lead` that shares its items itself: it is called with the flight, and the reply of `look`.

    `look` is a command that is sent in the same round trip, after the lease, and so sees what an earlier leader has
    stored; its reply is None without Redis. `lead` must enter the flight, add each item before it yields it, and leave
    it when what it makes is stored; to store it by the flight's `write` saves a round trip.
    """
    lease = Lease(keys.make_key(f"flight:{name}", settings.CACHE_KEY_PREFIX, 1))
    with tracing.span("single_flight.acquire"):
        token, replies = lease.acquire([look] if look else [])
        tracing.note(role="leader" if token in (None, lease.token) else "follower")
    if token is None:
        return True, lead(ALONE, *([None] if look else []))
    if token == lease.token:
        return True, lead(Flight(LeaderLog(lease, wire.encode), failures), *replies)

    def try_again() -> Iterator[T]:
        return fly(name, lead, failures=failures, patience=patience, wire=wire, look=look)[1]

    return False, tracing.stepwise(
        _follow(lease, token, wire.decode, try_again, failures, patience), "single_flight.follow"
    )


class Flight(Generic[T]):
    """A leader's work. Followers get what is added, the error that it ends with, or its end."""

    def __init__(self, log: LeaderLog[T] | None = None, failures: Failures | None = None) -> None:
        self._log, self._failures = log, failures

    def add(self, item: T) -> None:
        if self._log:
            self._log.unpublished.append(item)
            if self._log.followed:
                self._log.publish()

    def write(self, commands: Sequence[store.Command]) -> bool:
        """Store what the work has made, and give up the lease in the same round trip. Return True if Redis took it.

        Later requests find what is stored.
        """
        if self._log is None:
            return store.write(commands)
        # Or its lease might be renewed when another process holds it.
        _heartbeat.remove(self._log)
        return self._log.write_last(commands)

    def __enter__(self) -> None:
        if self._log:
            _heartbeat.add(self._log)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log is None:
            return
        _heartbeat.remove(self._log)
        dumped = self._failures.dump(error) if self._failures and isinstance(error, Exception) else None
        failure = json.dumps(dumped).encode() if dumped else b""
        self._log.end(b"end" if error is None else b"failed", failure)


# The flight of a caller that shares its work with nobody.
ALONE: Flight[Any] = Flight()


def _follow(
    lease: Lease,
    token: str,
    decode: Callable[[bytes], T],
    try_again: Callable[[], Iterator[T]],
    failures: Failures,
    patience: float,
) -> Iterator[T]:
    given_out = False
    for kind, item in _events(lease, token, patience):
        if kind == b"end":
            return
        if kind == b"failed" and item:
            raise failures.load(json.loads(item))
        if kind == b"failed":
            break
        given_out = True
        yield decode(item)
    if given_out:
        raise LeaderLost
    yield from try_again()


def _events(lease: Lease, token: str, patience: float) -> Iterator[tuple[bytes, bytes]]:
    """Yield the events of the leader `token` until it or Redis is gone. Raises LeaderSilent."""
    reader = EventReader(f"{lease.name}:{token}")
    heard = time.monotonic()
    while (events := reader.read()) is not None:
        if not events and not lease.held_by(token):
            # It may have ended properly between the two commands.
            yield from reader.read(block=False) or ()
            return
        yield from events
        heard = time.monotonic() if events else heard
        if time.monotonic() - heard > patience:
            raise LeaderSilent


class LeaderLog(Generic[T]):
    """Items of a leader: kept in memory until it has a follower, from then on in its Redis stream."""

    def __init__(self, lease: Lease, encode: Callable[[T], bytes]) -> None:
        self.lease = lease
        self.unpublished: list[T] = []
        self.followed = False
        self._ended = False
        self._encode = encode
        self._lock = threading.Lock()

    def check(self, holder: str | None) -> None:
        """Publish the items if `holder`, the value of the lease, says that somebody follows."""
        if not self.followed and holder == self.lease.marked:
            # In this order: an item that the leader appends before it sees `followed` is taken by `publish`.
            self.followed = True
            self.publish()

    def publish(self, seconds: int = STREAM_SECONDS, *ending: tuple[bytes, bytes]) -> None:
        with self._lock:
            items = self.unpublished[:]
            events = [*((b"item", self._encode(item)) for item in items), *ending]
            del self.unpublished[: len(items)]
            if events:
                append_events(f"{self.lease.name}:{self.lease.token}", events, seconds)

    def write_last(self, commands: Sequence[store.Command]) -> bool:
        """Send write commands and give up the lease, unless it is followed. Return True if Redis took them."""
        if self.followed:
            return store.write(commands)
        taken, followed = self.lease.write_and_release(commands)
        self.followed, self._ended = bool(followed), followed is False
        return taken

    def end(self, kind: bytes, item: bytes) -> None:
        """Send followers the last event and give up the lease, unless another process holds it by now."""
        if self._ended:
            return
        if self.followed or self.lease.release():
            self.publish(ENDED_STREAM_SECONDS, (kind, item))
            self.lease.release_marked()


class Heartbeat:
    """Renews the leases of this process and looks for followers."""

    def __init__(self) -> None:
        self._logs: set[LeaderLog[Any]] = set()
        self._polls = count(1)
        self._worker = PeriodicWorker("flight-heartbeat", self._poll, POLL_SECONDS)

    def add(self, log: LeaderLog[Any]) -> None:
        self._logs.add(log)
        self._worker.start()

    def remove(self, log: LeaderLog[Any]) -> None:
        self._logs.discard(log)

    def _poll(self) -> None:
        # In one step of the interpreter: other threads add and remove meanwhile.
        logs = list(self._logs)
        if logs and next(self._polls) % POLLS_PER_RENEWAL == 0:
            renew([log.lease for log in logs])
        if waiting := [log for log in logs if log.unpublished]:
            self._check(waiting)

    def _check(self, logs: list[LeaderLog[Any]]) -> None:
        for log, holder in zip(logs, holders([log.lease for log in logs]), strict=False):
            try:
                log.check(holder)
            except Exception:
                # An item that cannot be encoded must not stop the renewal of all other leases.
                logger.exception("The items of %s could not be published", log.lease.name)


_heartbeat = Heartbeat()
