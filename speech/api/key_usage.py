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
        """Write what was noted since the last time, to within a second. A statement that fails is dropped."""
        used, self._used = self._used, {}
        # Together, because each statement is a transaction of its own.
        by_second: dict[int, dict[int, float]] = {}
        for key, moment in used.items():
            by_second.setdefault(int(moment), {})[key] = moment
        for keys in by_second.values():
            with suppress(Error):
                ClientKey.objects.note_use(keys, datetime.fromtimestamp(max(keys.values()), UTC))


usage = KeyUsage()
