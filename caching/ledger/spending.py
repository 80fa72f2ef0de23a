"""Spending of a client according to the ledger: equal on all workers, with or without Redis."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from caching.database import DatabaseUnavailable
from caching.database.remembered import Remembered
from caching.ledger import summing
from caching.ledger.summing import start_of_day
from caching.models import HourlyUsage
from caching.pricing.money import Money, total

CURRENCY = "USD"
# Spending of other workers may be unknown for so long.
REMEMBERED_SECONDS = 2.0


def start_of_month(now: datetime) -> datetime:
    return start_of_day(now).replace(day=1)


class Spending:
    """Spending by client since a moment, read at most every REMEMBERED_SECONDS; own spending is added at once.

    Unknown costs count as nothing.
    """

    def __init__(self) -> None:
        self._amounts = Remembered[tuple[str, datetime], Decimal](_of_one, REMEMBERED_SECONDS)

    def spent(self, client: str, since: datetime) -> Decimal:
        """Return the spending in CURRENCY; while the database is disconnected, the last known value."""
        try:
            return self._amounts.get((client, since))
        except DatabaseUnavailable:
            return Decimal(0)

    def add(self, client: str, cost: Money | None) -> None:
        """Add spending of this worker to the sums that are in use."""
        if cost and (converted := cost.to(CURRENCY)):
            now = timezone.now()
            for since in {start_of_day(now), start_of_month(now)}:
                self._amounts.change((client, since), lambda known: known + converted.amount)

    def forget(self) -> None:
        self._amounts.forget()


def by_client(since: datetime) -> dict[str, Decimal]:
    """Return the spending of every client in CURRENCY."""
    amounts: dict[str, list[Money]] = {}
    for rows in summing.rows(since, timezone.now(), {}):
        sums = rows.exclude(currency="").values_list("client", "currency")
        for client, currency, amount in sums.annotate(Sum("cost")):
            amounts.setdefault(client, []).append(Money(amount, currency))
    return {client: total(found, CURRENCY) for client, found in amounts.items()}


def _of_one(of: tuple[str, datetime]) -> Decimal:
    client, since = of
    rows = HourlyUsage.objects.filter(client=client, hour__gte=since).values_list("currency")
    return total([Money(amount, currency) for currency, amount in rows.annotate(Sum("cost")) if currency], CURRENCY)


spending = Spending()
