"""Prices of units at a moment. An unknown price is None, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from caching.database import DatabaseUnavailable
from caching.database.remembered import Remembered
from caching.models import Price, fits_model
from caching.pricing.money import Money
from caching.pricing.usage import Usage

# A new price takes effect in every process within this time.
REMEMBERED_SECONDS = 10.0
REMEMBERED_LOOKUPS = 4096
# A call that seems to cost more, in any currency, has an odd count or price. Columns hold nine billion.
MAX_AMOUNT = 10**7


class PriceTable:
    """Snapshot of all prices."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices: dict[tuple[str, str], list[Price]] = {}
        for price in prices:
            self._prices.setdefault((price.provider, price.unit), []).append(price)
        self._listed = {(price.provider, price.model) for found in self._prices.values() for price in found}
        # The names of models come from clients, so there may be any number of them.
        self._candidates = lru_cache(REMEMBERED_LOOKUPS)(self._find_candidates)
        self.cost_now = lru_cache(REMEMBERED_LOOKUPS)(self._cost_now)

    def lists(self, provider: str, model: str) -> bool:
        """Return True if there is a price for this very model."""
        return (provider, model) in self._listed

    def find(self, provider: str, model: str, unit: str, moment: datetime) -> Price | None:
        """Return the newest price in force: of this model, or else of the longest prefix."""
        return next((price for price in self._candidates(provider, model, unit) if price.valid_from <= moment), None)

    def cost(self, provider: str, model: str, usage: Usage | None, moment: datetime) -> Money | None:
        """Return the cost of `usage`; None if unknown, without a price, odd, or in several currencies."""
        if usage is None:
            return None
        amounts = []
        for unit, count in usage.items():
            price = self.find(provider, model, unit, moment)
            if price is None:
                return None
            amounts.append(Money(price.amount * count / price.per, price.currency))
        if not amounts:
            return Money(Decimal(0), settings.DISPLAY_CURRENCY)
        if len({money.currency for money in amounts}) > 1:
            return None
        amount = sum((money.amount for money in amounts), Decimal(0))
        return Money(amount, amounts[0].currency).rounded() if amount < MAX_AMOUNT else None

    def _cost_now(self, provider: str, model: str, usage: Usage | None) -> Money | None:
        """Cost at this moment, memoized: a table lives for seconds only."""
        return self.cost(provider, model, usage, timezone.now())

    def _find_candidates(self, provider: str, model: str, unit: str) -> list[Price]:
        fitting = (price for price in self._prices.get((provider, unit), []) if fits_model(price.model, model))
        return sorted(
            fitting, key=lambda price: (price.model == model, len(price.model), price.valid_from), reverse=True
        )


def cost(provider: str, model: str, usage: Usage | None, moment: datetime | None = None) -> Money | None:
    """Return the cost of a call at `moment` (default: now), rounded to nine places."""
    if moment is None:
        return table().cost_now(provider, model, usage)
    return table().cost(provider, model, usage, moment)


def table() -> PriceTable:
    """Return the prices, read at most every REMEMBERED_SECONDS; the last known ones if the database is down."""
    try:
        return _tables.get("")
    except DatabaseUnavailable:
        return PriceTable([])


def forget() -> None:
    _tables.forget()


_tables = Remembered[str, PriceTable](lambda _: PriceTable(Price.objects.all()), REMEMBERED_SECONDS)
