from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from caching.ledger import Event, Usage, events
from caching.ledger.events import price
from caching.models import Price
from caching.pricing import prices
from caching.pricing.money import Money

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TEN = Usage(characters=10)
THREE = Usage(characters=3)
FEE = Money(Decimal("0.5"), "USD")


@pytest.fixture(autouse=True)
def one_unit_costs_one_dollar(db: None, settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}
    Price.objects.create(provider="acme", model="m", unit="characters", per=1, amount=1, source="a test")
    prices.forget()


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount), "USD")


def event(outcome: Any, usage: Usage | None = TEN, **fields: Any) -> Event:
    return Event("tts", outcome, usage, provider="acme", model="m", **fields)


@pytest.mark.parametrize(
    ("happened", "billed", "avoided", "overhead"),
    [
        (event("exact"), usd(0), usd(10), usd(0)),
        (event("semantic"), usd(0), usd(10), usd(0)),
        (event("miss"), usd(10), usd(0), usd(0)),
        (event("bypass"), usd(10), usd(0), usd(0)),
        (event("error"), usd(10), usd(0), usd(0)),
        (event("miss", served=THREE), usd(10), usd(3), usd(0)),
        (event("miss", None), None, usd(0), usd(0)),
        (event("exact", None), usd(0), None, usd(0)),
        (event("miss", overhead=FEE), usd(10), usd(0), FEE),
        (event("exact", overhead=FEE), usd(0), usd(10), FEE),
        # What a judgement costs, the cache has spent.
        (event("judged"), usd(0), usd(0), usd(10)),
        (event("judged", None), None, usd(0), usd(0)),
        (event("judged", None, overhead=FEE), None, usd(0), FEE),
    ],
)
def test_a_request_is_billed_or_avoided(
    happened: Event, billed: Money | None, avoided: Money | None, overhead: Money
) -> None:
    priced = price(happened, NOW)
    assert (priced.event, priced.moment) == (happened, NOW)
    assert (priced.billed, priced.avoided, priced.overhead) == (billed, avoided, overhead)


@pytest.mark.parametrize(
    ("happened", "cost", "saved"),
    [
        (event("exact"), usd(0), usd(10)),
        (event("miss", served=THREE), usd(10), usd(3)),
        (event("exact", overhead=FEE), usd("0.5"), usd("9.5")),
        (event("miss", overhead=FEE), usd("10.5"), usd("-0.5")),
        (event("miss", None, overhead=FEE), None, usd("-0.5")),
        (event("exact", None, overhead=FEE), usd("0.5"), None),
        (event("judged"), usd(10), usd(-10)),
    ],
)
def test_overhead_is_spent_and_lessens_what_was_saved(happened: Event, cost: Money | None, saved: Money | None) -> None:
    costs = price(happened, NOW).costs
    assert (costs.cost, costs.saved) == (cost, saved)


def test_without_overhead_amounts_stay_in_the_currency_of_their_price() -> None:
    for model, amount in (("m", 1), ("free", 0)):
        Price.objects.create(
            provider="tara", model=model, unit="characters", per=1, amount=amount, currency="INR", source="a test"
        )
    prices.forget()
    costs = price(Event("tts", "miss", TEN, provider="tara", model="m", served=THREE), NOW).costs
    assert (costs.cost, costs.saved) == (Money(Decimal(10), "INR"), Money(Decimal(3), "INR"))
    assert price(Event("tts", "miss", TEN, provider="tara", model="free"), NOW).costs.cost == Money(Decimal(0), "INR")


@pytest.mark.parametrize(
    ("happened", "is_hit", "is_spend"),
    [
        (event("exact"), True, False),
        (event("semantic"), True, False),
        (event("exact", overhead=FEE), True, True),
        (event("miss"), False, True),
        (event("miss", None), False, True),
        (event("miss", Usage()), False, False),
        (event("miss", Usage(), overhead=FEE), False, True),
        (event("bypass"), False, True),
        (event("shadow", Usage()), False, False),
    ],
)
def test_it_knows_hits_and_what_may_have_cost_money(happened: Event, is_hit: bool, is_spend: bool) -> None:
    assert (happened.is_hit, happened.is_spend) == (is_hit, is_spend)


def test_what_nobody_says_is_empty() -> None:
    bare = Event("llm", "miss", None)
    texts = (bare.level, bare.provider, bare.model, bare.client, bare.key, bare.question, bare.matched)
    assert set(texts) == {""} and (bare.match, bare.pair) == ("", "")
    assert (bare.seconds, bare.served, bare.reasons) == (0.0, Usage(), ())
    assert (bare.overhead, bare.similarity, bare.probability) == (None, None, None)
    assert (bare.code, bare.message, bare.scope, bare.listed) == ("", "", "", False)


def test_the_prefix_of_stored_reasons_stays() -> None:
    assert events.BY_RULE == "cache rule: "
