"""Rows of the ledger for one request. Every figure stays in the currency of its price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from caching.ledger.events import Event, Priced
from caching.ledger.model_names import model_names
from caching.models import HourlyUsage
from caching.pricing.money import Money, common_currency, total
from caching.pricing.usage import UNITS, Usage
from caching.redaction import excerpt

# Characters kept of a question.
EXCERPT = 200
_NO_UNITS: dict[str, Any] = dict.fromkeys(UNITS, 0)
_EMPTY_HOUR: dict[str, Any] = _NO_UNITS | dict.fromkeys(
    ("requests", "unpriced", "cost", "saved", "overhead", "seconds", *HourlyUsage.BUCKETS), 0
)


def hours(priced: Priced) -> Iterator[dict[str, Any]]:
    """Return the hourly rows of an event: one for the request, others for amounts of another outcome or currency."""
    event, billed, avoided = priced.event, priced.billed, priced.avoided
    unpriced = billed is None or avoided is None
    main = (avoided if event.is_hit else billed) or Money(Decimal(0), "")
    yield _row(
        priced,
        event.outcome,
        main.currency,
        **dict((event.usage or Usage()).items()),
        requests=1,
        unpriced=int(unpriced),
        cost=Decimal(0) if event.is_hit else main.amount,
        saved=main.amount if event.is_hit else Decimal(0),
        seconds=event.seconds,
        **{HourlyUsage.bucket(event.seconds): 1},
    )
    if not event.is_hit and event.served != Usage():
        part = avoided or Money(Decimal(0), "")
        yield _row(priced, "exact", part.currency, **dict(event.served.items()), saved=part.amount)
    if priced.overhead.amount:
        yield _overhead(priced)


def overhead(priced: Priced) -> dict[str, Any]:
    """Return the row for overhead outside of any request."""
    units = dict((priced.event.usage or Usage()).items())
    return _overhead(priced) | units | {"unpriced": int(priced.event.overhead is None)}


def _overhead(priced: Priced) -> dict[str, Any]:
    spent = priced.overhead.amount
    return _row(priced, priced.event.outcome, priced.overhead.currency, cost=spent, overhead=spent, saved=-spent)


def _row(priced: Priced, outcome: str, currency: str, **figures: Any) -> dict[str, Any]:
    hour = priced.moment.replace(minute=0, second=0, microsecond=0)
    return {
        **_EMPTY_HOUR,
        **_dimensions(priced.event),
        "hour": hour,
        "model": _text(model_names.summed(priced.event), 200),
        "outcome": outcome,
        "currency": currency,
    } | figures


def _dimensions(event: Event) -> dict[str, str]:
    return {
        "cache_type": event.cache_type,
        "level": event.level,
        "provider": _text(event.provider, 50),
        "model": _text(event.model, 200),
        "client": _text(event.client, 100),
    }


def error(priced: Priced) -> dict[str, Any]:
    return {
        **_dimensions(priced.event),
        "minute": priced.moment.replace(second=0, microsecond=0),
        "model": _text(model_names.summed(priced.event), 200),
        "code": priced.event.code or "internal_error",
        "requests": 1,
    }


def entry_hit(priced: Priced) -> dict[str, Any]:
    event, avoided = priced.event, priced.avoided or Money(Decimal(0), "")
    return {
        "day": priced.moment.date(),
        "key": _text(event.key, 500),
        "currency": avoided.currency,
        "cache_type": event.cache_type,
        "question": shortened(event.matched or event.question),
        "hits": 1,
        "saved": avoided.amount,
    }


def call(priced: Priced) -> dict[str, Any]:
    event, costs = priced.event, priced.costs
    currency = common_currency([money for money in (costs.cost, costs.saved, priced.overhead) if money])
    return {
        **_NO_UNITS,
        **_dimensions(event),
        **dict((event.usage or Usage()).items()),
        "created": priced.moment,
        "outcome": event.outcome,
        "key": _text(event.key, 500),
        "question": shortened(event.question),
        "matched": shortened(event.matched),
        "similarity": event.similarity,
        "probability": event.probability,
        "reasons": [_text(reason, 300) for reason in event.reasons],
        "match": event.match,
        "pair": event.pair,
        "seconds": event.seconds,
        "currency": currency,
        "cost": _amount(costs.cost, currency),
        "saved": _amount(costs.saved, currency),
        "overhead": _amount(priced.overhead, currency),
    }


def shortened(text: str, longest: int = EXCERPT) -> str:
    """Return what the ledger may keep of a user's text: at most `longest` characters and a mark."""
    return _text(excerpt(text, longest), longest + 1)


def _amount(money: Money | None, currency: str) -> Any:
    return None if money is None else total([money], currency)


def _text(text: str, longest: int) -> str:
    """Return valid Unicode without NUL, at most `longest` characters: clients choose names of models freely."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:longest]
