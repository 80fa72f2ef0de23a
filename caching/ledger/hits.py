"""Equal hits, counted together before they become rows: making rows of each costs more than the hit itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from caching.ledger import rows
from caching.ledger.events import Priced
from caching.models import HourlyUsage


class Tally:
    """Hits of one entry by one client within one hour, all worth the same."""

    def __init__(self, one: Priced) -> None:
        self._one = one
        self._count = 0
        self._seconds = 0.0
        self._buckets = Counter[str]()

    @staticmethod
    def key(hit: Priced) -> Hashable:
        """Hits with the same key differ in nothing but how long they took."""
        event, moment = hit.event, hit.moment
        hour = (moment.year, moment.month, moment.day, moment.hour)
        who = (event.level, event.provider, event.model, event.client)
        return (hour, who, event.cache_type, event.key, event.question, event.usage, hit.avoided)

    def add(self, seconds: float) -> None:
        self._count += 1
        self._seconds += seconds
        self._buckets[HourlyUsage.bucket(seconds)] += 1

    def hours(self) -> Iterator[dict[str, Any]]:
        own = {"seconds": self._seconds, **dict.fromkeys(HourlyUsage.BUCKETS, 0), **self._buckets}
        return (self._all_of(row) | own for row in rows.hours(self._one))

    def entry(self) -> dict[str, Any] | None:
        return self._all_of(rows.entry_hit(self._one)) if self._one.event.key else None

    def _all_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value * self._count if isinstance(value, int | Decimal) else value for name, value in row.items()}
