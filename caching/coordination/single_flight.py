"""One caller works, the others wait: identical work at the same time, in any process that shares the Redis, once.

The leader holds a lease in Redis and renews it while it lives. A follower marks the lease, and the leader, who looks at
it while it has more to come and when it gives it up, then puts all that it has made and goes on making into a Redis
stream. Most work is followed by nobody and needs no stream. A lease that runs out means that the leader died: a
follower then takes over. Without Redis everybody works for themselves.

Keys: `flight:{name}` (the lease, holding the leader's token and the mark) and `flight:{name}:{token}` (the stream).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from django.conf import settings

from caching import keys
from caching.coordination.admission import turns
from caching.coordination.lease import Lease, holders, renew
from caching.redis import store

LOOK_SECONDS = 0.1
"""How long a leader that has made something does not notice its first follower."""
RENEWAL_LOOKS = 3
"""A lease is renewed at each third look."""
BLOCK_MILLISECONDS = 120
"""How long one read waits. Below REDIS_TIMEOUT_MS, or waiting would look like a Redis that hangs."""
LEAST_SECONDS_BETWEEN_READS = 0.06
"""With it a follower sends at most 17 commands a second, however fast the leader writes."""
KEPT_SECONDS = 120
"""How long a stream stays if its leader dies without ending it."""
ENDED_SECONDS = 10
"""How long it stays when it has ended, for followers that have not read all of it."""


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
    name: str,
    produce: Callable[..., Iterator[bytes]],
    *,
    failures: Failures,
    patience: float,
    look: store.Command | None = None,
) -> tuple[bool, Iterator[bytes]]:
    """Whether this caller leads, and the items of `produce`, made by it or by whoever leads.

    A follower's items come as the leader makes them. It raises what `failures.load` makes of the leader's failure,
    LeaderSilent after `patience` seconds without an item, and LeaderLost if the leader died after giving out items; if
    it died before, the follower takes over.

    `look`: what Redis is asked once the lease is there, in the same round trip; `produce` then gets the answer, None
    without Redis. So it sees what an earlier leader left behind.
    """
    turns.give_back()
    lease = Lease(keys.make_key(f"flight:{name}", settings.CACHE_KEY_PREFIX, 1))
    token, seen = lease.acquire([look] if look else [])
    if token is None:
        return True, produce(None) if look else produce()
    if token == lease.token:
        return True, _lead(lease, lambda: produce(*seen), failures)

    def try_again() -> Iterator[bytes]:
        return share(name, produce, failures=failures, patience=patience, look=look)[1]

    return False, _follow(lease, token, try_again, failures, patience)


def _lead(lease: Lease, produce: Callable[[], Iterator[bytes]], failures: Failures) -> Iterator[bytes]:
    made = _Made(lease)
    _heart.add(made)
    ending = (b"failed", b"")
    try:
        for item in produce():
            made.append(item)
            yield item
        ending = (b"end", b"")
    except Exception as error:
        told = failures.dump(error)
        ending = (b"failed", json.dumps(told).encode() if told else b"")
        raise
    finally:
        _heart.remove(made)
        made.end(*ending)


def _follow(
    lease: Lease, token: str, try_again: Callable[[], Iterator[bytes]], failures: Failures, patience: float
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


def _events(lease: Lease, token: str, patience: float) -> Iterator[tuple[bytes, bytes]]:
    """What the leader `token` appends, until it is gone or Redis is. Raises LeaderSilent."""
    stream = _Listener(f"{lease.name}:{token}")
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


class _Made:
    """What a leader has made so far: kept here until somebody follows, from then on in its stream."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self._untold: list[tuple[bytes, bytes]] = []
        self._followed = False
        self._lock = threading.Lock()

    def append(self, item: bytes) -> None:
        with self._lock:
            self._untold.append((b"item", item))
            if self._followed:
                self._tell(KEPT_SECONDS)

    @property
    def keeps(self) -> bool:
        """Whether a follower, if there is one, would wait for something that is here."""
        return bool(self._untold)

    def seen(self, holder: str | None) -> None:
        """The heart has read this of the lease."""
        with self._lock:
            if not self._followed and holder == self.lease.marked:
                self._followed = True
                self._tell(KEPT_SECONDS)

    def end(self, kind: bytes, item: bytes) -> None:
        """Tell followers the last event and give up the lease, unless somebody else holds it by now."""
        with self._lock:
            if self._followed or self.lease.release():
                self._untold.append((kind, item))
                self._tell(ENDED_SECONDS)
                self.lease.release_marked()

    def _tell(self, seconds: int) -> None:
        _append(f"{self.lease.name}:{self.lease.token}", self._untold, seconds)
        self._untold = []


class _Listener:
    """Reads the stream of a leader."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: str | bytes = "0"
        self._next_read = 0.0

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
        self._led: set[_Made] = set()
        self._lock = threading.Lock()
        self._beating = False

    def add(self, made: _Made) -> None:
        with self._lock:
            self._led.add(made)
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._beat, name="flight-heart", daemon=True).start()

    def remove(self, made: _Made) -> None:
        with self._lock:
            self._led.discard(made)

    def _beat(self) -> None:
        for look in count(1):
            time.sleep(LOOK_SECONDS)
            with self._lock:
                led = list(self._led)
                if not led:
                    self._beating = False
                    return
            if look % RENEWAL_LOOKS == 0:
                renew([made.lease for made in led])
            if keeping := [made for made in led if made.keeps]:
                for made, holder in zip(keeping, holders([made.lease for made in keeping]), strict=False):
                    made.seen(holder)


_heart = _Heart()


@store.fail_open(None)
def _append(name: str, events: list[tuple[bytes, bytes]], seconds: int) -> None:
    pipeline = store.connection().pipeline(transaction=False)
    for kind, item in events:
        pipeline.xadd(name, {kind: item})
    pipeline.expire(name, seconds)
    pipeline.execute()


@store.fail_open(None)
def _read(name: str, after: str | bytes, block: int | None) -> list[tuple[bytes, bytes, bytes]] | None:
    answer = cast("list[Any]", store.connection().xread({name: after}, block=block))
    events = answer[0][1] if answer else []
    return [(identifier, kind, item) for identifier, fields in events for kind, item in fields.items()]
