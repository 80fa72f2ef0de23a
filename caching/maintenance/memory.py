"""Texts in the memory of all processes are dropped when a client is forgotten, and every hour anyway."""

from __future__ import annotations

import secrets
import time
from typing import Any

from caching import keys
from caching.background import PeriodicWorker
from caching.redaction import forget_texts
from caching.redis import store

# Every worker has noticed after this time.
POLL_SECONDS = 5.0
DROP_SECONDS = 3600.0
KEPT_SECONDS = 86_400


def announce() -> None:
    """Tell all processes to drop the texts that they remember, and drop those of this one."""
    store.put(keys.ERASED, {"v": 1, "change": secrets.token_hex(8)}, KEPT_SECONDS)
    forget_texts()


class TextMemory:
    """Thread that drops the texts of this process."""

    def __init__(self) -> None:
        self._seen: Any = None
        self._dropped_at = time.monotonic()
        self._worker = PeriodicWorker("texts", self.poll, POLL_SECONDS)

    def start(self) -> None:
        self._worker.start()

    def poll(self) -> None:
        token = store.get(keys.ERASED)
        if token != self._seen or time.monotonic() - self._dropped_at >= DROP_SECONDS:
            forget_texts()
            self._dropped_at = time.monotonic()
        self._seen = token


text_memory = TextMemory()
