"""Today's spending of a client according to the ledger: equal on all workers, with or without Redis."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from caching.database import DatabaseUnavailable, Remembered
from caching.models import HourlyUsage
from caching.pricing.money import Money, total

CURRENCY = "USD"
# Spending of other workers may be unknown for so long.
REMEMBERED_SECONDS = 2.0


class Spending:
    """Spending by client and day (UTC), read at most every REMEMBERED_SECONDS; own spending is added at once.

    Unknown costs count as nothing.
    """

    def __init__(self) -> None:
        self._amounts = Remembered[tuple[str, datetime], Decimal](_in_the_ledger, REMEMBERED_SECONDS)

    def spent(self, client: str) -> Decimal:
        """Return today's spending in CURRENCY; while the database is disconnected, the last known value."""
        try:
            return self._amounts.get((client, _today()))
        except DatabaseUnavailable:
            return Decimal(0)

    def add(self, client: str, cost: Money | None) -> None:
        """Add spending of this worker to a sum that is in use."""
        if cost and (converted := cost.to(CURRENCY)):
            self._amounts.change((client, _today()), lambda known: known + converted.amount)

    def forget(self) -> None:
        self._amounts.forget()


def _today() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _in_the_ledger(of: tuple[str, datetime]) -> Decimal:
    client, day = of
    rows = HourlyUsage.objects.filter(client=client, hour__gte=day).values_list("currency")
    return total([Money(amount, currency) for currency, amount in rows.annotate(Sum("cost")) if currency], CURRENCY)


daily = Spending()
