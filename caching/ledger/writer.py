"""Writer of the ledger: spending is written at once, hits every second."""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error, connection
from django.utils import timezone

from caching import metrics
from caching.background import PeriodicWorker
from caching.ledger.batch import PATIENCE_MS, Batch
from caching.ledger.events import Priced
from caching.models import MinuteUsage

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
# Between two deletions of minutes that are over.
PRUNE_SECONDS = 60.0


class Writer:
    """One per process. Its thread writes what has come, every FLUSH_SECONDS and whenever a request waits for it.

    Rows that cannot be written stay in memory and are tried again every FLUSH_SECONDS. Nothing here raises.
    """

    def __init__(self) -> None:
        self._pending = Batch()
        # Set once `_pending` is written, or cannot be.
        self._over = threading.Event()
        self._pending_lock = threading.Lock()
        self._writing = threading.Lock()
        self._failing = False
        self._pruned = 0.0
        self._worker = PeriodicWorker("ledger", self.flush, FLUSH_SECONDS, flush_at_exit=True)

    def now(self, batch: Batch) -> None:
        """Return when `batch` is in the database, or in memory while the database is disconnected or hangs."""
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

    def hit(self, hit: Priced) -> None:
        """Add an exact hit, of which there are hundreds a second; Prometheus counts it when it is written."""
        with self._pending_lock:
            self._pending.add_hit(hit)
        self._worker.start()

    def flush(self) -> bool:
        """Write pending rows. Return True if they were written."""
        if not self._writing.acquire(timeout=PATIENCE_MS / 1000):
            return False
        try:
            return self._write()
        finally:
            self._writing.release()

    def _write(self) -> bool:
        with self._pending_lock:
            batch, self._pending = self._pending, Batch()
            over, self._over = self._over, threading.Event()
        try:
            if batch:
                batch.write()
                self._prune_minutes()
        except Error as error:
            with self._pending_lock:
                batch.merge(self._pending)
                self._pending = batch
            self._fail(error)
            return False
        finally:
            over.set()
        self._recover()
        return True

    def _prune_minutes(self) -> None:
        if time.monotonic() - self._pruned > PRUNE_SECONDS:
            self._pruned = time.monotonic()
            MinuteUsage.objects.filter(minute__lt=timezone.now() - MinuteUsage.KEPT_FOR).delete()

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


writer = Writer()
