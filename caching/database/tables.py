"""Tables that staff edit, each kept in memory as one value."""

from __future__ import annotations

import math
import operator
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from caching.database import DatabaseUnavailable
from caching.database.remembered import Remembered

V = TypeVar("V")


class Table(Remembered[str, V]):
    """One value made of all rows of a table, at most `seconds` old while the database works.

    `read` is given the last value, if there is one. If it returns an equal one, the last one stays.
    """

    def __init__(self, read: Callable[[V | None], V], seconds: float) -> None:
        super().__init__(lambda key: read(self._last(key)), seconds, same=operator.eq)
        self._due = -math.inf
        _tables.add(self)

    def now(self) -> V:
        """Return the value, or the last known one. Raises DatabaseUnavailable if there is none."""
        return self.get("")

    def forget(self) -> None:
        super().forget()
        self._changed(due=-math.inf)

    def _last(self, key: str) -> V | None:
        known = self._known.get(key)
        return known.value if known else None

    def _keep(self, key: str, value: V) -> V:
        last = self._last(key)
        kept = super()._keep(key, value)
        self._changed(due=time.monotonic() + self._seconds / 2, same=last is kept)
        return kept

    def _changed(self, due: float, *, same: bool = False) -> None:
        global _generation, _due
        self._due = due
        _due = min(table._due for table in _tables)
        if not same:
            _generation = object()


_tables: weakref.WeakSet[Table[Any]] = weakref.WeakSet()
_generation = object()
# `time.monotonic()` from which on a table is to be read again.
_due = -math.inf


def generation() -> object:
    """Return an object that is another one (`is`) as soon as a table has changed or was forgotten.

    Take it before the tables are read, to know later if something derived from them still holds.
    """
    if time.monotonic() >= _due:
        for table in _tables:
            with suppress(DatabaseUnavailable):
                table.now()
    return _generation
