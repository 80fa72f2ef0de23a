"""Rows summed in memory until they are written in one transaction."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import DataError, Error, IntegrityError, connection, transaction
from django.utils import timezone

from caching import metrics
from caching.ledger import rows, summing, upsert
from caching.ledger.events import ExactHit, Priced
from caching.ledger.prometheus import expose
from caching.models import Call, EntryHits, ErrorCount, HourlyUsage, MinuteUsage

logger = logging.getLogger(__name__)

# Raised because of a figure or text of one row; any other error of the database concerns all rows.
BAD_ROW = (DataError, IntegrityError, ArithmeticError, ValueError, TypeError)
# Single calls kept while the database is disconnected, about 10 MB. Their sums by the hour are kept without limit.
MAX_CALLS = 10_000
# A request waits so long for the database; then its rows stay in memory.
PATIENCE_MS = 1000
# The attributes of a Batch whose rows add up.
_SUMS = ("hours", "minutes", "entries", "errors")


class Sums:
    """Rows of a table by its key; rows with equal keys are added up."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.key: tuple[str, ...] = model.KEY
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        key = tuple(row[name] for name in self.key)
        found = self.rows.get(key)
        if found is None:
            self.rows[key] = dict(row)
            return
        for name, value in row.items():
            is_number = name not in self.key and not isinstance(value, str)
            found[name] = found[name] + value if is_number else value

    def merge(self, other: Sums) -> None:
        for row in other.rows.values():
            self.add(row)


class Batch:
    def __init__(self) -> None:
        self.hours = Sums(HourlyUsage)
        self.minutes = Sums(MinuteUsage)
        self.entries = Sums(EntryHits)
        self.errors = Sums(ErrorCount)
        self.calls: list[dict[str, Any]] = []
        # By the hour since 1970.
        self._hits: dict[tuple[int, ExactHit], Tally] = {}

    def __len__(self) -> int:
        return sum(len(getattr(self, name).rows) for name in _SUMS) + len(self.calls) + len(self._hits)

    def add_usage(self, row: Mapping[str, Any]) -> None:
        """Add an hourly row, and the same to the sums of this minute."""
        self.hours.add(row)
        minute = timezone.now().replace(second=0, microsecond=0)
        self.minutes.add({"minute": minute, **{name: value for name, value in row.items() if name != "hour"}})

    def hits_like(self, hit: ExactHit) -> Tally | None:
        """Return the tally of this hour's hits that equal `hit`."""
        return self._hits.get((_hour(time.time()), hit))

    def begin_tally(self, hit: ExactHit, priced: Priced) -> Tally:
        return self._hits.setdefault((_hour(priced.moment.timestamp()), hit), Tally(priced))

    def _make_rows_of_hits(self) -> None:
        for tally in self._hits.values():
            for hour in tally.hours():
                self.add_usage(hour)
                expose(hour)
            if entry := tally.entry():
                self.entries.add(entry)
        self._hits.clear()

    def merge(self, other: Batch) -> None:
        other._make_rows_of_hits()
        for name in _SUMS:
            getattr(self, name).merge(getattr(other, name))
        room = max(0, MAX_CALLS - len(self.calls))
        self.calls += other.calls[:room]
        metrics.LEDGER_DROPPED.inc(len(other.calls[room:]))

    def take_hours(self) -> Batch:
        taken = Batch()
        taken.hours, self.hours = self.hours, taken.hours
        return taken

    def drop_minutes(self, before: datetime) -> None:
        """Drop sums that would be deleted as soon as they are written."""
        kept = {key: row for key, row in self.minutes.rows.items() if row["minute"] >= before}
        self.minutes.rows = kept

    def write(self) -> None:
        """Write everything in one transaction, or each row by itself without those that no database takes.

        Raises django.db.Error; what was not written is then left in this batch.
        """
        try:
            self._write()
        except BAD_ROW:
            rows = self._take_apart()
            for row in rows:
                try:
                    row._write()
                except BAD_ROW as error:
                    metrics.LEDGER_DROPPED.inc()
                    logger.warning("Dropped a row of the ledger: %s: %s", type(error).__name__, error)
                except Error:
                    for unwritten in (row, *rows):
                        self.merge(unwritten)
                    raise

    def _take_apart(self) -> Iterator[Batch]:
        """Move each row into a batch of its own."""
        taken, rows = Batch(), []
        for name in _SUMS:
            mine, theirs = getattr(self, name), getattr(taken, name)
            setattr(self, name, theirs)
            setattr(taken, name, mine)
            for row in mine.rows.values():
                rows.append(one := Batch())
                getattr(one, name).add(row)
        self.calls, taken.calls = taken.calls, self.calls
        for call in taken.calls:
            rows.append(one := Batch())
            one.calls.append(call)
        return iter(rows)

    def _write(self) -> None:
        self._make_rows_of_hits()
        sums: list[Sums] = [getattr(self, name) for name in _SUMS]
        statements = [upsert.adding(each.model, each.rows.values(), key=each.key) for each in sums if each.rows]
        statements += [upsert.inserting(Call, self.calls)] if self.calls else []
        _shorten_lock_wait()
        past = summing.past_days(row["hour"] for row in self.hours.rows.values())
        # A single row needs no transaction, which takes longer than the row; but a bad row ends its caller's.
        is_atomic = past or len(self) > 1 or connection.in_atomic_block
        with transaction.atomic() if is_atomic else nullcontext():
            upsert.run(statements)
            if past:
                summing.hours_changed(past)


def _hour(timestamp: float) -> int:
    return int(timestamp // 3600)


def _shorten_lock_wait() -> None:
    """Let this thread's connection, where it is made here, wait for SQLite's lock for PATIENCE_MS at most."""
    if connection.connection is None and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")


class Tally:
    """Hits of one entry by one client within one hour, all of equal worth."""

    def __init__(self, one: Priced) -> None:
        self.one = one
        self._count = 0
        self._seconds = 0.0
        self._buckets = Counter[str]()

    def add(self, seconds: float) -> None:
        self._count += 1
        self._seconds += seconds
        self._buckets[HourlyUsage.bucket(seconds)] += 1

    def hours(self) -> Iterator[dict[str, Any]]:
        own = {"seconds": self._seconds, **dict.fromkeys(HourlyUsage.BUCKETS, 0), **self._buckets}
        return (self._all_of(row) | own for row in rows.hours(self.one))

    def entry(self) -> dict[str, Any] | None:
        return self._all_of(rows.entry_hit(self.one)) if self.one.event.key else None

    def _all_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value * self._count if isinstance(value, int | Decimal) else value for name, value in row.items()}
