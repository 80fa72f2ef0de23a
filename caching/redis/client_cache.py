"""Client-side cache of hot values, kept in this process until Redis invalidates them.

Bypassed: a round trip to Redis, and decoding, for a key read twice within a second. That is 25 % of the CPU time of a
hit (docs/performance.md, rows 1 and 2). On a connection of its own Redis names every key that is written, deleted,
evicted or expired (`CLIENT TRACKING ON BCAST`, Redis 6.0); all invalidations received so far are applied before a value
is returned, so a caller that knows of a write never reads the older value here.

An upgrade of redis-py or Redis that breaks this is noticed by caching/tests/redis/test_client_cache.py.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from redis.connection import Connection

# How long a value is kept, and within how long its key must be read twice. Not longer, because a full Redis evicts what
# nobody seems to read.
SECONDS = 1.0
# Keys whose last read is remembered.
MAX_WATCHED = 4096
# Pause after a connection for invalidations could not be opened.
TRY_AGAIN_SECONDS = 5.0


class _Cached(NamedTuple):
    value: Any
    size: int
    # By `time.monotonic()`.
    expires: float


class ClientSideCache:
    """Thread-safe. Where a method raises what redis-py raises, call `reset`."""

    def __init__(self, listen: Callable[[], Connection], prefixes: Sequence[str], most_bytes: int) -> None:
        """`listen` opens a connection that receives invalidations of keys beginning with one of `prefixes`."""
        self._listen, self._prefixes, self._most_bytes = listen, tuple(prefixes), most_bytes
        self._lock = threading.Lock()
        self._read_at: dict[str, float] = {}
        self._tried_at = float("-inf")
        self._listener: Connection | None = None
        # Of the listener, once all that it had received was read.
        self._drained: select.poll | None = None
        self._pid = os.getpid()
        self._clear()

    def get(self, name: str) -> Any | None:
        """Return the cached value of the key `name`, or None."""
        if name not in self._cached:
            return None
        with self._lock:
            self._apply_invalidations()
            cached = self._cached.get(name)
            if cached and cached.expires <= time.monotonic():
                self._drop(name)
                return None
            return cached and cached.value

    def begin_fetch(self, name: str) -> object | None:
        """Announce a fetch of `name` from Redis. Return a token for `store`; None if it is not worth caching."""
        now = time.monotonic()
        if now - self._read_at.get(name, float("-inf")) > SECONDS:
            return None
        with self._lock:
            if not self._listens(now):
                return None
            self._apply_invalidations()
            if len(self._fetched) >= MAX_WATCHED:
                # Fetches of keys that had expired are never stored.
                self._fetched.clear()
            self._fetched[name] = token = object()
            return token

    def note_read(self, name: str) -> None:
        """Remember that `name` was read and had a value: at its next read it may be worth caching."""
        if self._most_bytes and name.startswith(self._prefixes):
            if len(self._read_at) >= MAX_WATCHED:
                self._read_at.clear()
            self._read_at[name] = time.monotonic()

    def store(self, name: str, token: object, value: Any, size: int, ttl: float) -> None:
        """Cache a fetched value of `size` bytes, unless it was invalidated or fetched again meanwhile."""
        with self._lock:
            self._apply_invalidations()
            if self._fetched.get(name) is not token or size > self._most_bytes:
                return
            self._drop(name)
            while self._bytes + size > self._most_bytes:
                self._drop(next(iter(self._cached)))
            self._cached[name] = _Cached(value, size, time.monotonic() + min(SECONDS, ttl))
            self._bytes += size

    def reset(self, *, disable: bool = False) -> None:
        """Drop everything and close the connection. `disable`: cache nothing from now on."""
        with self._lock:
            self._most_bytes *= not disable
            self._stop_listening()

    def _listens(self, now: float) -> bool:
        if self._listener is None and now - self._tried_at > TRY_AGAIN_SECONDS:
            self._tried_at = now
            self._listener = self._listen()
        return self._listener is not None

    def _apply_invalidations(self) -> None:
        if self._pid != os.getpid():
            # A forked child must not read from its parent's connection.
            self._pid, self._listener, self._drained = os.getpid(), None, None
            self._clear()
        # The kernel first: redis-py's own check takes 30 times as long. Once drained, neither redis-py nor TLS
        # buffers anything: `can_read` was False, and it reads what TLS has decrypted.
        if self._drained and not self._drained.poll(0):
            return
        try:
            self._read_invalidations()
        except BaseException:
            # Before another thread gets the lock: redis-py would connect the listener again, without tracking.
            self._stop_listening()
            raise

    def _stop_listening(self) -> None:
        self._clear()
        listener, self._listener, self._drained = self._listener, None, None
        if listener:
            listener.disconnect()

    def _read_invalidations(self) -> None:
        while self._listener and self._listener.can_read(0):
            _, names = self._listener.read_response(push_request=True)
            if names is None:
                # FLUSHALL or FLUSHDB.
                self._clear()
            for name in names or ():
                # Others may write keys of any bytes; ours are valid UTF-8.
                self._drop(name.decode(errors="replace"))
        if self._listener and not self._drained:
            self._drained = select.poll()
            self._drained.register(self._listener._sock, select.POLLIN)  # type: ignore[arg-type]  # None if closed

    def _drop(self, name: str) -> None:
        self._fetched.pop(name, None)
        if cached := self._cached.pop(name, None):
            self._bytes -= cached.size

    def _clear(self) -> None:
        self._cached: dict[str, _Cached] = {}
        # Tokens of fetches under way.
        self._fetched: dict[str, object] = {}
        self._bytes = 0
