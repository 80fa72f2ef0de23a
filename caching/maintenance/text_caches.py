"""Drop the texts that every process caches in memory: when a client is forgotten, and every hour."""

from __future__ import annotations

import secrets
import time
from typing import Any

from caching import keys
from caching.background import PeriodicWorker
from caching.redaction import forget_texts
from caching.redis import store

POLL_SECONDS = 5.0
DROP_SECONDS = 3600.0
KEPT_SECONDS = 86_400


def drop_everywhere() -> None:
    """Drop the texts in this process, and tell the others to. The others do so within POLL_SECONDS."""
    store.put(keys.ERASED, {"v": 1, "change": secrets.token_hex(8)}, KEPT_SECONDS)
    forget_texts()


class TextCacheWorker:
    """Thread that drops the texts of this process when it is told to, and every DROP_SECONDS."""

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


worker = TextCacheWorker()
