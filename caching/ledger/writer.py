"""Writer of the ledger: the hourly sums of spending are written at once, everything else every second."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.db import Error, connection
from django.utils import timezone

from caching import metrics
from caching.background import PeriodicWorker
from caching.ledger.batch import PATIENCE_MS, Batch
from caching.ledger.events import ExactHit, Priced, price
from caching.models import MinuteUsage

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
# Between two deletions of minutes that are over.
PRUNE_SECONDS = 60.0


class Writer:
    """One per process. Its thread writes the hourly sums when a request waits for them, the rest every FLUSH_SECONDS.

    Rows that cannot be written stay in memory and are tried again every FLUSH_SECONDS. Nothing here raises.
    """

    def __init__(self) -> None:
        self.reset()
        self._worker = PeriodicWorker("ledger", self._work, self._seconds_left, at_exit=self.flush)

    def reset(self) -> None:
        """Begin with nothing. Called in a forked child too: what its parent has pending, the parent writes."""
        self._pending = Batch()
        # Set once the hourly sums of `_pending` are written, or cannot be.
        self._over = threading.Event()
        self._pending_lock = threading.Lock()
        self._writing = threading.Lock()
        self._failing = False
        self._flushed = self._pruned = 0.0

    def now(self, batch: Batch) -> None:
        """Return when the hourly sums of `batch` are in the database, or in memory while it is disconnected or hangs.

        The other rows are written within FLUSH_SECONDS: the bill and the budgets are sums.
        """
        with self._pending_lock:
            self._pending.merge(batch)
            over = self._over
        if self._failing:
            self._worker.start()
        elif connection.in_atomic_block:
            # Its own connection alone sees the rows of the caller's transaction.
            self.flush()
        else:
            self._worker.wake()
            if not over.wait(PATIENCE_MS / 1000):
                self._fail(f"no answer within {PATIENCE_MS} ms")

    def later(self, batch: Batch) -> None:
        with self._pending_lock:
            self._pending.merge(batch)
        self._worker.start()

    def hit(self, hit: ExactHit, seconds: float) -> Priced:
        """Add an exact hit. Return a priced event with the same costs; its moment and duration may be another hit's.

        Prometheus counts it when it is written.
        """
        self._worker.start()
        with self._pending_lock:
            if tally := self._pending.hits_like(hit):
                tally.add(seconds)
                return tally.one
        # Without the lock: prices may have to be read from the database.
        priced = price(hit.event(seconds), timezone.now())
        with self._pending_lock:
            self._pending.begin_tally(hit, priced).add(seconds)
        return priced

    def flush(self) -> bool:
        """Write all pending rows. Return True if they were written."""
        return self._write(self._take_all)

    def _work(self) -> None:
        if is_due := not self._seconds_left():
            self._flushed = time.monotonic()
        if self._write(self._take_hours) and is_due and self.flush():
            self._prune_minutes()

    def _seconds_left(self) -> float:
        return max(0.0, self._flushed + FLUSH_SECONDS - time.monotonic())

    def _take_all(self) -> Batch:
        taken, self._pending = self._pending, Batch()
        return taken

    def _take_hours(self) -> Batch:
        return self._pending.take_hours()

    def _write(self, take: Callable[[], Batch]) -> bool:
        if not self._writing.acquire(timeout=PATIENCE_MS / 1000):
            return False
        try:
            return self._write_part(take)
        finally:
            self._writing.release()

    def _write_part(self, take: Callable[[], Batch]) -> bool:
        with self._pending_lock:
            batch = take()
            is_all = not self._pending
            over, self._over = self._over, threading.Event()
        try:
            if batch:
                batch.write()
        except Error as error:
            with self._pending_lock:
                batch.merge(self._pending)
                batch.drop_minutes(before=_oldest_minute())
                self._pending = batch
            self._fail(error)
            return False
        finally:
            over.set()
        # Hours that were written do not mean that the other tables can be.
        if is_all:
            self._recover()
        return True

    def _prune_minutes(self) -> None:
        if time.monotonic() - self._pruned > PRUNE_SECONDS:
            self._pruned = time.monotonic()
            MinuteUsage.objects.filter(minute__lt=_oldest_minute()).delete()

    def _fail(self, reason: object) -> None:
        metrics.LEDGER_PENDING.set(len(self._pending))
        if not self._failing:
            self._failing = True
            logger.warning("Cannot write the ledger, keeping it in memory: %s", reason)

    def _recover(self) -> None:
        if self._failing:
            self._failing = False
            metrics.LEDGER_PENDING.set(0)
            logger.info("Ledger writes work again; nothing was lost")


def _oldest_minute() -> datetime:
    return timezone.now() - MinuteUsage.KEPT_FOR


writer = Writer()
os.register_at_fork(after_in_child=writer.reset)
