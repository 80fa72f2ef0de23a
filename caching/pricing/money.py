"""Amounts of money that know their currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from caching.fields import PLACES

_SMALLEST = Decimal(1).scaleb(-PLACES)


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str
    """ISO 4217."""

    def to(self, currency: str) -> Money | None:
        """The same in `currency`, by settings.CURRENCY_RATES; None where one of the two has no rate."""
        if currency == self.currency:
            return self
        rates: dict[str, Decimal] = settings.CURRENCY_RATES
        if not (self.currency in rates and currency in rates):
            return None
        return Money(self.amount / rates[self.currency] * rates[currency], currency)

    def rounded(self) -> Money:
        """To the nine places that the ledger keeps."""
        return Money(self.amount.quantize(_SMALLEST), self.currency)


def total(amounts: Iterable[Money], currency: str) -> Decimal:
    """The sum in `currency`. An amount whose currency has no rate is left out: `manage.py check` reports that."""
    converted = (money.to(currency) for money in amounts)
    return sum((money.amount for money in converted if money), Decimal(0))


def together(*amounts: Money) -> Money:
    """The sum, in the currency that they share, else in the one for display."""
    currency = common_currency(amounts)
    return Money(total(amounts, currency), currency).rounded()


def common_currency(amounts: Sequence[Money]) -> str:
    currencies = {money.currency for money in amounts if money.amount}
    return currencies.pop() if len(currencies) == 1 else settings.DISPLAY_CURRENCY


def plain(amount: Decimal) -> str:
    """`Decimal("1.200E-7")` as `0.00000012`: at most nine places, no exponent, no zeros at the end."""
    text = f"{amount:.{PLACES}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
