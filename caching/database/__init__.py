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
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

from caching.background import PeriodicWorker

logger = logging.getLogger(__name__)

# Each thread has a connection.
READERS = 2
TRIAL_SECONDS = 1.0
# Longest wait of a request that knows no older value, in seconds.
LONGEST_PATIENCE = 2.0
# An older value is not served, even if the database is down: a key may have been revoked since.
LONGEST_AGE = 3600.0

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
    refuse_in_trouble()
    return result_of(readers.submit(query), patience)


def refuse_in_trouble() -> None:
    """Raise DatabaseUnavailable once the database has failed for a while."""
    seconds = trouble.seconds
    if seconds is not None and seconds > LONGEST_PATIENCE:
        raise DatabaseUnavailable("The database does not answer.")


def result_of(future: Future[V], patience: float) -> V:
    """Return what a reader found. Raises DatabaseUnavailable after `patience` seconds."""
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
                # A connection that cannot even be closed is opened again, and the thread must go on.
                close_old_connections()


readers = _Readers()
os.register_at_fork(after_in_child=readers.reset)
