"""Writer of the ledger: spending is written at once, hits every second."""

from __future__ import annotations

import logging
import threading

from django.db import Error

from caching import metrics
from caching.background import PeriodicWorker
from caching.ledger.batch import PATIENCE_MS, Batch
from caching.ledger.events import Priced

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0


class _Group:
    """Threads that wait for the same rows; the first one writes them."""

    def __init__(self) -> None:
        self.is_led = False
        self._written = False
        self._over = threading.Event()

    def end(self, written: bool) -> None:
        self._written = written
        self._over.set()

    def wait(self) -> bool:
        """Return True if the rows were written in time."""
        return self._over.wait(PATIENCE_MS / 1000) and self._written


class Writer:
    """One per process. While one thread writes, batches of others are merged, and one of those threads writes them.

    Rows that cannot be written stay in memory and are tried again every second. Nothing here raises.
    """

    def __init__(self) -> None:
        self._pending = Batch()
        # Threads that wait for `_pending`.
        self._waiting = _Group()
        self._pending_lock = threading.Lock()
        self._writing = threading.Lock()
        self._failing = False
        self._worker = PeriodicWorker("ledger", self.flush, FLUSH_SECONDS, flush_at_exit=True)

    def now(self, batch: Batch) -> None:
        """Return when `batch` is in the database, or in memory while the database is disconnected."""
        self.later(batch)
        if not self._failing:
            self.flush()

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
        """Write pending rows, or wait for the thread that does. Return True if they were written."""
        with self._pending_lock:
            group = self._waiting
            follows, group.is_led = group.is_led, True
        if follows:
            return group.wait()
        if not self._writing.acquire(timeout=PATIENCE_MS / 1000):
            self._take_group().end(False)
            return False
        try:
            return self._write()
        finally:
            self._writing.release()

    def _take_group(self) -> _Group:
        with self._pending_lock:
            group, self._waiting = self._waiting, _Group()
        return group

    def _write(self) -> bool:
        with self._pending_lock:
            batch, self._pending = self._pending, Batch()
            group, self._waiting = self._waiting, _Group()
        written = False
        try:
            written = not batch or self._try(batch)
        finally:
            group.end(written)
        return written

    def _try(self, batch: Batch) -> bool:
        try:
            batch.write()
        except Error as error:
            self._keep(batch, error)
            return False
        if self._failing:
            self._failing = False
            metrics.LEDGER_PENDING.set(0)
            logger.info("Ledger writes work again; nothing was lost")
        return True

    def _keep(self, batch: Batch, error: Error) -> None:
        with self._pending_lock:
            batch.merge(self._pending)
            self._pending = batch
        metrics.LEDGER_PENDING.set(len(batch))
        if not self._failing:
            self._failing = True
            logger.warning("Cannot write the ledger, keeping it in memory: %s", error)


writer = Writer()
