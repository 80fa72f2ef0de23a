"""Time of each key's last use, written in the background: no request waits for it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from time import time

from django.db import Error

from caching.background import PeriodicWorker
from speech.models import ClientKey

WRITE_SECONDS = 60.0


class KeyUsage:
    def __init__(self) -> None:
        self._used: dict[int, float] = {}
        self._worker = PeriodicWorker("key usage", self.write, WRITE_SECONDS, at_exit=self.write)

    def note(self, key: int) -> None:
        """Note that the key with this primary key was used now."""
        self._used[key] = time()
        self._worker.start()

    def write(self) -> None:
        """Write what was noted since the last time, one row a key. What a failing database refuses is dropped."""
        used, self._used = self._used, {}
        with suppress(Error):
            for key, seconds in used.items():
                ClientKey.objects.note_use(key, datetime.fromtimestamp(seconds, UTC))


usage = KeyUsage()
