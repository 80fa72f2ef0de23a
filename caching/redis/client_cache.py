"""Values that are asked for again and again, kept in this process for as long as Redis says that they are the same.

On a connection that asked for it, Redis names every key that is written, removed, evicted or has run out
(server-assisted client-side caching, `CLIENT TRACKING … BCAST`, Redis 6.0). All that it said by then is read before a
value is given out from here: whoever was told that a key was changed or removed does not meet the old value afterwards.

A kept value is asked for anew after a second, because a Redis that is full removes what nobody seems to read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from redis.connection import ConnectionInterface

SECONDS = 1.0
"""How long a value is kept, and within how long a key must be read twice to be worth it."""
MOST_WATCHED = 4096
"""Keys of which it is remembered when they were read."""
TRY_AGAIN_SECONDS = 5.0
"""How long nothing is kept after Redis could not, or would not, name changes."""


class _Kept(NamedTuple):
    value: Any
    size: int
    until: float
    """By `time.monotonic()`."""


class Near:
    """Safe for several threads. Methods may raise what redis-py raises; `lose` must be called then."""

    def __init__(self, listen: Callable[[], ConnectionInterface], prefixes: Sequence[str], most_bytes: int) -> None:
        """`listen` opens a connection on which Redis names changed keys that begin with one of `prefixes`."""
        self._listen, self._prefixes, self._most_bytes = listen, tuple(prefixes), most_bytes
        self._lock = threading.Lock()
        self._read_at: dict[str, float] = {}
        self._tried_at = float("-inf")
        self._listener: ConnectionInterface | None = None
        self._pid = os.getpid()
        self._keep_nothing()

    def get(self, name: str) -> Any | None:
        """What is kept of the key `name`, or None."""
        if name not in self._kept:
            return None
        with self._lock:
            self._hear()
            kept = self._kept.get(name)
            if kept and kept.until <= time.monotonic():
                self._drop(name)
                return None
            return kept and kept.value

    def fetch(self, name: str) -> object | None:
        """Announce that the value of `name` is being fetched. What `keep` needs; None where it is not worth keeping."""
        now = time.monotonic()
        if now - self._read_at.get(name, float("-inf")) > SECONDS:
            return None
        with self._lock:
            if not self._listens(now):
                return None
            self._hear()
            if len(self._fetched) >= MOST_WATCHED:
                # Some of them came to nothing: they had run out meanwhile.
                self._fetched.clear()
            self._fetched[name] = token = object()
            return token

    def found(self, name: str) -> None:
        """Note that `name` was read from Redis and had a value: from the second time on it may be worth keeping."""
        if self._most_bytes and name.startswith(self._prefixes):
            if len(self._read_at) >= MOST_WATCHED:
                self._read_at.clear()
            self._read_at[name] = time.monotonic()

    def keep(self, name: str, token: object, value: Any, size: int, life: float) -> None:
        """Keep what was fetched: `size` bytes that live for `life` seconds.

        Not where they were changed, or fetched again, meanwhile.
        """
        with self._lock:
            self._hear()
            if self._fetched.get(name) is not token or size > self._most_bytes:
                return
            self._drop(name)
            while self._bytes + size > self._most_bytes:
                self._drop(next(iter(self._kept)))
            self._kept[name] = _Kept(value, size, time.monotonic() + min(SECONDS, life))
            self._bytes += size

    def lose(self, *, for_good: bool = False) -> None:
        """Keep nothing: what Redis says is not heard any more. `for_good`: do not try again."""
        with self._lock:
            self._keep_nothing()
            self._most_bytes *= not for_good
            listener, self._listener = self._listener, None
        if listener:
            listener.disconnect()

    def _listens(self, now: float) -> bool:
        if self._listener is None and now - self._tried_at > TRY_AGAIN_SECONDS:
            self._tried_at = now
            self._listener = self._listen()
        return self._listener is not None

    def _hear(self) -> None:
        if self._pid != os.getpid():
            # A child has a copy of everything, and must not read from its parent's connection.
            self._pid, self._listener = os.getpid(), None
            self._keep_nothing()
        while self._listener and self._listener.can_read(0):
            _, names = self._listener.read_response(push_request=True)
            if names is None:
                # All of Redis was emptied.
                self._keep_nothing()
            for name in names or ():
                # Anybody may write anything there, and ours are always valid.
                self._drop(name.decode(errors="replace"))

    def _drop(self, name: str) -> None:
        self._fetched.pop(name, None)
        if kept := self._kept.pop(name, None):
            self._bytes -= kept.size

    def _keep_nothing(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._fetched: dict[str, object] = {}
        """Keys whose value is on its way, each with what tells those who fetch it apart."""
        self._bytes = 0
