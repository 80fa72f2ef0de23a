"""Today's spending of a client according to the ledger: equal on all workers, with or without Redis."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import Error
from django.db.models import Sum
from django.utils import timezone

from caching.models import HourlyUsage
from caching.pricing.money import Money, total

CURRENCY = "USD"
# Spending of other workers may be unknown for so long.
REMEMBERED_SECONDS = 2.0


@dataclass(slots=True)
class _Known:
    day: datetime
    read_at: float
    amount: Decimal


class Spending:
    """Spending by client and day (UTC), read at most every REMEMBERED_SECONDS; own spending is added at once.

    Unknown costs count as nothing.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def spent(self, client: str) -> Decimal:
        """Return today's spending in CURRENCY; while the database is disconnected, the last known value."""
        day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            known = self._known.get(client)
        if known and known.day == day and time.monotonic() - known.read_at < REMEMBERED_SECONDS:
            return known.amount
        try:
            amount = _in_the_books(client, day)
        except Error:
            amount = known.amount if known and known.day == day else Decimal(0)
        with self._lock:
            self._known[client] = _Known(day, time.monotonic(), amount)
        return amount

    def add(self, client: str, cost: Money | None) -> None:
        """Add spending of this worker to a sum that is in use."""
        if client in self._known and cost and (converted := cost.to(CURRENCY)):
            with self._lock:
                self._known[client].amount += converted.amount

    def forget(self) -> None:
        self._known.clear()


def _in_the_books(client: str, day: datetime) -> Decimal:
    rows = HourlyUsage.objects.filter(client=client, hour__gte=day).values_list("currency")
    return total([Money(amount, currency) for currency, amount in rows.annotate(Sum("cost")) if currency], CURRENCY)


daily = Spending()
