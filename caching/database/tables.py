"""Small tables that staff edit, each kept in memory as one value: cache rules, curated answers, prices."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from caching.database import DatabaseUnavailable
from caching.database.remembered import Remembered

V = TypeVar("V")


class Table(Remembered[str, V]):
    """One value made of all rows of a table, at most `seconds` old while the database works."""

    def __init__(self, read: Callable[[], V], seconds: float) -> None:
        super().__init__(lambda _: read(), seconds)
        self._due = -math.inf
        _tables.append(self)

    def now(self) -> V:
        """Return the value, or the last known one. Raises DatabaseUnavailable if there is none."""
        return self.get("")

    def forget(self) -> None:
        super().forget()
        self._changed(due=-math.inf)

    def _keep(self, key: str, value: V) -> V:
        super()._keep(key, value)
        self._changed(due=time.monotonic() + self._seconds / 2)
        return value

    def _changed(self, due: float) -> None:
        global _edition, _due
        self._due = due
        _edition, _due = object(), min(table._due for table in _tables)


_tables: list[Table[Any]] = []
_edition = object()
# `time.monotonic()` from which on a table is to be read again.
_due = -math.inf


def edition() -> object:
    """Return an object that is another one (`is`) as soon as a table has been read again or forgotten.

    It says whether something derived from the tables still holds; take it before they are read.
    """
    if time.monotonic() >= _due:
        for table in _tables:
            with suppress(DatabaseUnavailable):
                table.now()
    return _edition
