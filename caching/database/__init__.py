"""Bounded access to the database: no request waits long for one that is disconnected or hangs.

What a request needs is read in a few threads of their own, because a driver waits without end for a server that was
stopped. Once the database is in trouble, known values are served without asking, and one trial a second finds its end.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

from caching.background import PeriodicWorker

logger = logging.getLogger(__name__)

# Each thread has a connection.
READERS = 2
TRIAL_SECONDS = 1.0
# A request that knows an older value waits so long for a fresh one, and one that cannot go on without it so long.
PATIENCE, LONGEST_PATIENCE = 0.25, 2.0
# An older value is not served, even if the database is down: a key may have been revoked since.
LONGEST_AGE = 3600.0

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class DatabaseUnavailable(Exception):
    """The database is disconnected, does not answer in time, or refuses a query."""


class NotMigrated(Exception):
    """The database lacks the migrations `names`."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"The database lacks {len(names)} migrations, the first is {names[0]}.")
        self.names = names


@cache
def require_migrations() -> None:
    """Raise NotMigrated until every migration is applied, and django.db.Error without a database."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        raise NotMigrated([f"{migration.app_label}.{migration.name}" for migration, _ in plan])


def why_no_connection() -> str:
    """Return why no connection can be made, or "". A pool's own error only says that none came in time."""
    trial = connection.copy()
    trial.settings_dict["OPTIONS"].pop("pool", None)
    try:
        with trial.wrap_database_errors:
            trial.connect()
    except Error as error:
        return " ".join(str(error).split())
    finally:
        trial.close()
    return ""


class Trouble:
    """Since when the database fails, and the trials that find the end of it."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._has_answered = False
        # Why no connection can be made, once a trial has found out. It may name host and user.
        self.reason = ""
        self._lock = threading.Lock()
        self._trials = PeriodicWorker("database", self._try, TRIAL_SECONDS)

    @property
    def seconds(self) -> float | None:
        """Duration of the trouble so far; None while the database works."""
        since = self._since
        return None if since is None else time.monotonic() - since

    @property
    def is_bridged(self) -> bool:
        """True while the database fails, has answered this process before, and known values are young enough to serve.

        This process itself may know none: out of service it would learn none, and its sibling workers may know some.
        """
        seconds = self.seconds
        return self._has_answered and seconds is not None and seconds < LONGEST_AGE

    def begin(self, reason: object) -> None:
        with self._lock:
            if self._since is not None:
                return
            self._since = time.monotonic()
        logger.warning("The database does not answer; known clients, limits and prices stay in force: %s", reason)
        self._trials.start()

    def end(self) -> None:
        self._has_answered = True
        with self._lock:
            since, self._since, self.reason = self._since, None, ""
        if since is not None:
            logger.info("The database answers again after %.1f s", time.monotonic() - since)

    def _try(self) -> None:
        if self._since is None:
            self._trials.stop()
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error:
            if not self.reason and (reason := why_no_connection()):
                self.reason = reason
                logger.warning("No connection to the database can be made: %s", reason)
            return
        self.end()
        self._trials.stop()


trouble = Trouble()


def call(query: Callable[[], V], patience: float = LONGEST_PATIENCE) -> V:
    """Return `query()`, run by another thread. Raises DatabaseUnavailable after `patience` seconds.

    Inside a transaction `query` runs in the caller's thread, whose connection alone sees the rows of the transaction.
    """
    if connection.in_atomic_block:
        try:
            return query()
        except Error as error:
            raise DatabaseUnavailable(str(error)) from error
    _refuse_in_trouble()
    return _result(_readers.submit(query), patience)


def _refuse_in_trouble() -> None:
    seconds = trouble.seconds
    if seconds is not None and seconds > LONGEST_PATIENCE:
        raise DatabaseUnavailable("The database does not answer.")


def _result(future: Future[V], patience: float) -> V:
    try:
        return future.result(patience)
    except TimeoutError as error:
        trouble.begin("no answer in time")
        raise DatabaseUnavailable("The database does not answer.") from error
    except Error as error:
        raise DatabaseUnavailable(str(error)) from error


class _Readers:
    """Daemon threads: a database that hangs must not keep the process from ending."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = False

    def submit(self, query: Callable[[], V]) -> Future[V]:
        future: Future[V] = Future()
        self._queue.put((query, future))
        if not self._started:
            self._start()
        return future

    def _start(self) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                for number in range(READERS):
                    threading.Thread(target=self._run, name=f"database-{number}", daemon=True).start()

    def _run(self) -> None:
        while True:
            query, future = self._queue.get()
            try:
                future.set_result(query())
            except (OperationalError, InterfaceError) as error:
                trouble.begin(error)
                future.set_exception(error)
            except Exception as error:  # noqa: BLE001 (raised where the result is read)
                future.set_exception(error)
            else:
                trouble.end()
            with suppress(Exception):
                # A connection that cannot even be closed is opened anew, and the thread must go on.
                close_old_connections()


_readers = _Readers()
os.register_at_fork(after_in_child=_readers.reset)


@dataclass(frozen=True, slots=True)
class _Known(Generic[V]):
    value: V
    read_at: float


class Remembered(Generic[K, V]):
    """Values of the database by key, at most `seconds` old while the database works.

    A value in use is read again in the background before it is too old. Beyond `most` keys all are forgotten: clients
    invent them.
    """

    def __init__(self, read: Callable[[K], V], seconds: float, *, most: int = 10_000) -> None:
        self._read, self._seconds, self._most = read, seconds, most
        self._known: dict[K, _Known[V]] = {}
        self._pending: dict[K, tuple[Future[V], float]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V:
        """Return the value of `key`, or the last known one. Raises DatabaseUnavailable if there is none."""
        known = self._known.get(key)
        age = float("inf") if known is None else time.monotonic() - known.read_at
        if known is not None and age < self._seconds / 2:
            return known.value
        if connection.in_atomic_block:
            return self._keep(key, self._read(key))
        if age > LONGEST_AGE:
            known = None
        if known is not None and trouble.seconds is not None:
            return known.value
        _refuse_in_trouble()
        future, since = self._reading(key)
        if known is not None and age < self._seconds:
            return known.value
        # A value in use has been read in the background for a while: if that hangs, nobody waits for it again.
        left = (LONGEST_PATIENCE if known is None else PATIENCE) + since - time.monotonic()
        try:
            return _result(future, max(0.0, left))
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

    def _reading(self, key: K) -> tuple[Future[V], float]:
        """Return the read of `key` that is under way, and since when."""
        with self._lock:
            pending = self._pending.get(key)
            if pending is None:
                pending = self._pending[key] = (_readers.submit(lambda: self._read_aside(key)), time.monotonic())
        return pending

    def _read_aside(self, key: K) -> V:
        try:
            return self._keep(key, self._read(key))
        finally:
            with self._lock:
                self._pending.pop(key, None)

    def _keep(self, key: K, value: V) -> V:
        with self._lock:
            if len(self._known) >= self._most and key not in self._known:
                self._known.clear()
            self._known[key] = _Known(value, time.monotonic())
        return value
