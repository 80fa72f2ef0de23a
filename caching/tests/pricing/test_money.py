from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from caching.pricing.money import Money, plain, together, total
from speechsite.conf import env


@pytest.fixture(autouse=True)
def rates(settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80), "EUR": Decimal("0.5")}
    settings.DISPLAY_CURRENCY = "USD"


def test_it_converts_by_way_of_the_dollar() -> None:
    assert Money(Decimal(160), "INR").to("USD") == Money(Decimal(2), "USD")
    assert Money(Decimal(160), "INR").to("EUR") == Money(Decimal(1), "EUR")


def test_it_does_not_guess_a_rate() -> None:
    assert Money(Decimal(1), "JPY").to("USD") is None
    assert total([Money(Decimal(1), "JPY"), Money(Decimal(2), "USD")], "USD") == 2


def test_a_sum_keeps_the_currency_that_its_parts_share() -> None:
    nothing = Money(Decimal(0), "USD")
    assert together(Money(Decimal(3), "INR"), nothing) == Money(Decimal(3), "INR")
    assert together(Money(Decimal(80), "INR"), Money(Decimal(1), "USD")) == Money(Decimal(2), "USD")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1.200E-7", "0.00000012"), ("0", "0"), ("-0.0000000001", "0"), ("12.50", "12.5"), ("100", "100")],
)
def test_amounts_are_written_without_exponent(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@pytest.mark.parametrize("rates", ["INR", "INR=", "INR=-1", "INR=0", "INR=NaN", "INR=Infinity"])
def test_a_bad_rate_is_refused(rates: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CURRENCY_RATES"):
        env.rates("CURRENCY_RATES", rates)
