"""Budgets of a client, and how far they are used up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from django.utils import timezone

from caching.ledger.spending import by_client, spending, start_of_month
from caching.ledger.summing import start_of_day
from speech.models import Client

# Part of a budget from which on clients and staff are warned.
WARNING_SHARE = Decimal("0.8")
Period = Literal["daily", "monthly"]
STARTS: dict[Period, Callable[[datetime], datetime]] = {"daily": start_of_day, "monthly": start_of_month}


@dataclass(frozen=True, slots=True)
class Budget:
    period: Period
    limit: Decimal
    spent: Decimal

    @property
    def share(self) -> Decimal:
        return self.spent / self.limit if self.limit else Decimal(1)

    @property
    def is_spent(self) -> bool:
        return self.spent >= self.limit

    @property
    def is_low(self) -> bool:
        return self.spent >= self.limit * WARNING_SHARE

    @property
    def amount(self) -> str:
        """The limit for people, such as `2.5 USD`."""
        return f"{self.limit.normalize():f} USD"

    def __str__(self) -> str:
        return f"{self.period} {int(self.share * 100)}%"


def budgets_of(client: Client) -> list[Budget]:
    """Return the budgets of a client with what it has spent, as far as this worker knows."""
    return [
        Budget(period, limit, spending.spent(client.name, STARTS[period](timezone.now())))
        for period, limit in _limits_of(client).items()
    ]


def all_budgets() -> dict[str, list[Budget]]:
    """Return the budgets of every active client by its name, read from the database together."""
    limits = {client.name: _limits_of(client) for client in Client.objects.filter(is_active=True)}
    now = timezone.now()
    spent = {period: by_client(start(now)) for period, start in STARTS.items()} if any(limits.values()) else {}
    return {
        name: [Budget(period, limit, spent[period].get(name, Decimal(0))) for period, limit in own.items()]
        for name, own in limits.items()
    }


def low_budgets() -> list[tuple[str, Budget]]:
    """Return the budgets of which most is spent, each with the name of its client."""
    return [(client, budget) for client, budgets in all_budgets().items() for budget in budgets if budget.is_low]


def seconds_left(period: Period, now: datetime) -> float:
    """Return the seconds until the next day or month (UTC) begins."""
    start = STARTS[period]
    # 32 days after its first, a month is over.
    following = start(start(now) + timedelta(days=1 if period == "daily" else 32))
    return (following - now).total_seconds()


def _limits_of(client: Client) -> dict[Period, Decimal]:
    limits: dict[Period, Decimal | None] = {"daily": client.daily_budget_usd, "monthly": client.monthly_budget_usd}
    return {period: limit for period, limit in limits.items() if limit is not None}
