"""Writes to Redis that no answer waits for: a thread sends them a moment later, those of many requests together.

What waits is lost with the process, and beyond MOST_WAITING the oldest is dropped: only what comes again by itself
may be written so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable

from caching.redis import store

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
MOST_WAITING = 1_000


class WriteBehind:
    """One a process. Its thread is started by the first write, in the worker and not in what forked it."""

    def __init__(self) -> None:
        self._waiting: deque[store.Command] = deque(maxlen=MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def write(self, commands: Iterable[store.Command]) -> None:
        """Returns at once."""
        self._waiting.extend(commands)
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = self._start()

    def flush(self) -> None:
        """Send what waits, in one round trip."""
        if commands := [self._waiting.popleft() for _ in range(len(self._waiting))]:
            store.write(commands)

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._flush_for_ever, name="write-behind", daemon=True)
        thread.start()
        return thread

    def _flush_for_ever(self) -> None:
        # Not woken by each write: it would compute while the answer is on its way.
        while True:
            time.sleep(PAUSE_SECONDS)
            try:
                self.flush()
            except Exception:
                # One write that fails must not end the thread.
                logger.exception("Lost a deferred Redis write")


write_behind = WriteBehind()
