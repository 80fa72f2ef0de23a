"""Number formats of the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from caching.fields import PLACES
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.money import Money, shown_sums
from caching.semantic.scoring.threshold import Interval

register = template.Library()

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", SAMPLE_CURRENCY: "sample $"}
NOTHING = "–"
CENTS = Decimal("0.01")


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """Format with two places, or two significant digits for small amounts. None is "unpriced", never 0."""
    if amount is None:
        return "unpriced"
    currency = currency or settings.DISPLAY_CURRENCY
    sign, amount = ("−" if amount < 0 else ""), abs(amount)
    places = 2 if not amount or amount >= CENTS else min(9, 1 - amount.adjusted())
    return f"{sign}{SYMBOLS.get(currency, f'{currency} ')}{amount:,.{places}f}"


@register.filter
def amounts(saved: Iterable[Money]) -> str:
    """Format one sum in the display currency, and after it what has no rate."""
    return ", ".join(money(each.amount, each.currency) for each in shown_sums(saved)) or NOTHING


def unit_price(amount: Decimal, currency: str) -> str:
    """Format with all its digits, and two places at least: a price is compared with a bill."""
    amount = round(amount, PLACES).normalize()
    return f"{SYMBOLS.get(currency, f'{currency} ')}{amount:,.{max(2, -int(amount.as_tuple().exponent))}f}"


@register.filter
def count(number: int | None) -> str:
    return NOTHING if number is None else f"{number:,}"


@register.filter
def entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries"


@register.filter
def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


@register.filter
def interval(ends: Interval | None) -> str:
    return NOTHING if ends is None else f"{ends.low:.2%} to {ends.high:.2%}"


@register.filter
def similarity(number: float | None) -> str:
    return NOTHING if number is None else f"{number:.3f}"


@register.filter
def milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    if seconds >= 1:
        return f"{seconds:,.1f} s"
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


@register.filter
def duration(seconds: float | None) -> str:
    """`45 s`, `12 min`, `3 h 5 min`."""
    if seconds is None:
        return NOTHING
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if not minutes:
        return f"{int(seconds)} s"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


@register.filter
def cells(row: Iterable[tuple[str, str]]) -> SafeString:
    """Return table cells of texts, each with its class."""
    # A template takes twenty times as long for a cell.
    return format_html_join("", '<td class="{}">{}</td>', row)


def as_text(value: Any, kind: str) -> str:
    formats: dict[str, Callable[[Any], str]] = {
        "count": count,
        "money": money,
        "percent": percent,
        "seconds": milliseconds,
    }
    return formats.get(kind, str)(value)
