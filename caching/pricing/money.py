"""Amounts of money with their currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from django.conf import settings

from caching.fields import PLACES

_SMALLEST = Decimal(1).scaleb(-PLACES)


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    # ISO 4217.
    currency: str

    def to(self, currency: str) -> Money | None:
        """Convert with settings.CURRENCY_RATES; None without a rate."""
        if currency == self.currency:
            return self
        rates: dict[str, Decimal] = settings.CURRENCY_RATES
        if not (self.currency in rates and currency in rates):
            return None
        return Money(self.amount / rates[self.currency] * rates[currency], currency)

    @property
    def shown(self) -> Money:
        """The same in the display currency; without a rate as it is."""
        return self.to(settings.DISPLAY_CURRENCY) or self

    def rounded(self) -> Money:
        """Round to the nine places of the ledger."""
        return Money(self.amount.quantize(_SMALLEST), self.currency)


def total(amounts: Iterable[Money], currency: str) -> Decimal:
    """Return the sum in `currency`. Amounts without a rate are skipped; `manage.py check` reports them."""
    converted = (money.to(currency) for money in amounts)
    return sum((money.amount for money in converted if money), Decimal(0))


def shown_sums(amounts: Iterable[Money]) -> list[Money]:
    """Return the sum in the display currency, and after it the sums of currencies without a rate."""
    sums: dict[str, Decimal] = {}
    for money in (money.shown for money in amounts):
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    found = [Money(amount, currency) for currency, amount in sums.items()]
    return sorted(found, key=lambda money: (money.currency != settings.DISPLAY_CURRENCY, money.currency))


def together(*amounts: Money) -> Money:
    """Return the sum in the common currency, or else in the display currency."""
    currency = common_currency(amounts)
    return Money(total(amounts, currency), currency).rounded()


def common_currency(amounts: Sequence[Money]) -> str:
    currencies = {money.currency for money in amounts if money.amount}
    return currencies.pop() if len(currencies) == 1 else settings.DISPLAY_CURRENCY


# Repeated hits cost and save the same.
@lru_cache(1024)
def plain(amount: Decimal) -> str:
    """Format without exponent or trailing zeros: `Decimal("1.200E-7")` is `0.00000012`."""
    text = f"{amount:.{PLACES}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
