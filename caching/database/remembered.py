"""Values of the database that requests need, kept in memory for a while."""

from __future__ import annotations

import math
import operator
import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection

from caching.database import (
    LONGEST_AGE,
    LONGEST_PATIENCE,
    DatabaseUnavailable,
    readers,
    refuse_in_trouble,
    result_of,
    trouble,
)

# A request that knows an older value waits so long for a fresh one.
PATIENCE = 0.25
# Times that an unused value is refreshed with the others: for a minute, if they last 15 s.
MAX_UNASKED = 8

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Known(Generic[V]):
    value: V
    read_at: float
    # Reads since somebody asked for it.
    unasked: int = 0


class Remembered(Generic[K, V]):
    """Values of the database by key, at most `seconds` old while the database works.

    A value in use is read again in the background before it is too old; with `read_all` together with all others in
    use, so that ten thousand keys are a query. One that is too old is read by itself. Of two values that are the `same`
    the first stays, and with it what was derived from it. Beyond `most` keys all are forgotten: clients invent them.
    """

    def __init__(
        self,
        read: Callable[[K], V],
        seconds: float,
        *,
        most: int = 10_000,
        read_all: Callable[[Collection[K]], Mapping[K, V]] | None = None,
        same: Callable[[V, V], bool] = operator.is_,
    ) -> None:
        self._read, self._read_all, self._same = read, read_all, same
        self._seconds, self._most = seconds, most
        self._known: dict[K, _Known[V]] = {}
        self._pending: dict[K, tuple[Future[Mapping[K, V]], float]] = {}
        self._next_refresh = -math.inf
        self._lock = threading.Lock()

    def get(self, key: K) -> V:
        """Return the value of `key`, or the last known one. Raises DatabaseUnavailable if there is none."""
        known = self._known.get(key)
        age = float("inf") if known is None else time.monotonic() - known.read_at
        if known is not None:
            known.unasked = 0
            if age < self._seconds / 2:
                return known.value
        if connection.in_atomic_block:
            return self._keep(key, self._read(key))
        if age > LONGEST_AGE:
            known = None
        if known is not None and trouble.seconds is not None:
            return known.value
        refuse_in_trouble()
        if known is not None and age < self._seconds:
            self._refresh(key)
            return known.value
        future, since = self._reading(key)
        # A value in use has been read in the background for a while: if that hangs, nobody waits for it again.
        left = (LONGEST_PATIENCE if known is None else PATIENCE) + since - time.monotonic()
        try:
            return result_of(future, max(0.0, left))[key]
        except DatabaseUnavailable:
            if known is None:
                raise
            return known.value

    def change(self, key: K, change: Callable[[V], V]) -> None:
        """Change a known value, until it is read again."""
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known[key] = _Known(change(known.value), known.read_at)

    def learn(self, values: Mapping[K, V]) -> None:
        """Keep values that were just read, though no request asked for them yet."""
        for key, value in values.items():
            self._keep(key, value)

    def forget(self) -> None:
        self._known.clear()

    def _reading(self, key: K) -> tuple[Future[Mapping[K, V]], float]:
        """Return the read of `key` that is under way, and since when. A new one reads no other keys: it is awaited."""
        with self._lock:
            return self._pending.get(key) or self._submit([key])

    def _refresh(self, key: K) -> None:
        """Read `key` in the background, or with `read_all` all keys in use, at most four times in `seconds`."""
        with self._lock:
            if self._read_all is None:
                due = [key]
            elif time.monotonic() < self._next_refresh:
                return
            else:
                self._next_refresh = time.monotonic() + self._seconds / 4
                due = self._in_use()
            if due := [each for each in due if each not in self._pending]:
                self._submit(due)

    def _in_use(self) -> list[K]:
        last = time.monotonic() - self._seconds / 4
        known = list(self._known.items())
        return [key for key, each in known if each.read_at < last and each.unasked < MAX_UNASKED]

    def _submit(self, keys: list[K]) -> tuple[Future[Mapping[K, V]], float]:
        pending = readers.submit(lambda: self._read_aside(keys)), time.monotonic()
        self._pending.update(dict.fromkeys(keys, pending))
        return pending

    def _read_aside(self, keys: list[K]) -> Mapping[K, V]:
        try:
            values = self._read_all(keys) if self._read_all else {key: self._read(key) for key in keys}
            return {key: self._keep(key, values[key]) for key in keys}
        finally:
            with self._lock:
                for key in keys:
                    self._pending.pop(key, None)

    def _keep(self, key: K, value: V) -> V:
        with self._lock:
            known = self._known.get(key)
            if known is None and len(self._known) >= self._most:
                self._known.clear()
            if known is not None and self._same(known.value, value):
                value = known.value
            self._known[key] = _Known(value, time.monotonic(), known.unasked + 1 if known else 0)
        return value
