from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from caching.templatetags import formatting


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unpriced"),
        (Decimal(0), "$0.00"),
        (Decimal("1234.5"), "$1,234.50"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("0.0042"), "$0.0042"),
        (Decimal("0.000000123"), "$0.00000012"),
        (Decimal("-2"), "−$2.00"),
    ],
)
def test_money_is_never_rounded_to_nothing(amount: Decimal | None, text: str) -> None:
    assert formatting.money(amount, "USD") == text


def test_money_names_its_currency(settings: Any) -> None:
    settings.DISPLAY_CURRENCY = "INR"
    assert (formatting.money(Decimal(5)), formatting.money(Decimal(5), "CHF")) == ("₹5.00", "CHF 5.00")


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0, "0 s"), (59.9, "59 s"), (720, "12 min"), (11_100, "3 h 5 min")]
)
def test_durations_are_short(seconds: float | None, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0034, "3.4 ms"), (0.684, "684 ms"), (2.107, "2.1 s"), (61, "61.0 s")])
def test_times_of_requests_have_two_or_three_digits(seconds: float, text: str) -> None:
    assert formatting.milliseconds(seconds) == text


def test_what_is_not_known_is_a_dash() -> None:
    assert {
        formatting.count(None),
        formatting.percent(None),
        formatting.similarity(None),
        formatting.milliseconds(None),
    } == {"–"}


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.015", "$0.015"),
        ("0.075", "$0.075"),
        ("4", "$4.00"),
        ("1234.5", "$1,234.50"),
        ("0.000000001", "$0.000000001"),
    ],
)
def test_a_price_has_all_its_digits(amount: str, shown: str) -> None:
    assert formatting.unit_price(Decimal(amount), "USD") == shown
