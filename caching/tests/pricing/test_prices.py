from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from caching import database
from caching.database import remembered
from caching.models import Price
from caching.pricing import prices
from caching.pricing.money import Money
from caching.pricing.usage import Usage

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def price(model: str, amount: str, **fields: Any) -> Price:
    defaults = {"provider": "acme", "unit": "characters", "per": 1, "source": "a test", "valid_from": NOW}
    created: Price = Price.objects.create(model=model, amount=Decimal(amount), **{**defaults, **fields})
    prices.forget()
    return created


def cost_of(model: str, usage: Usage | None, moment: datetime = NOW, provider: str = "acme") -> Money | None:
    return prices.cost(provider, model, usage, moment)


def test_the_packaged_prices_are_there() -> None:
    million = Usage(input_tokens=1_000_000, cached_input_tokens=1_000_000, output_tokens=1_000_000)
    assert cost_of("gpt-6-luna", million, provider="openai") == Money(Decimal("0.61"), "USD")
    assert cost_of("gpt-6-luna-2026-09-30", million, provider="openai") == Money(Decimal("0.61"), "USD")
    assert cost_of("bulbul:v3", Usage(characters=500), provider="sarvam") == Money(Decimal("1.5"), "INR")
    assert cost_of("eleven_turbo_v2_5", Usage(characters=500), provider="elevenlabs") == Money(Decimal("0.02"), "USD")


def test_a_model_that_only_begins_like_a_known_one_is_not_priced() -> None:
    assert cost_of("gpt-6-luna-pro", Usage(input_tokens=1), provider="openai") is None


@pytest.mark.parametrize("provider", ["demo", "espeak"])
def test_what_runs_here_is_free_and_known_to_be(provider: str) -> None:
    usage = Usage(input_tokens=5, output_tokens=5, characters=5)
    assert cost_of("anything", usage, provider=provider) == Money(Decimal(0), "USD")


def test_an_unknown_price_is_none() -> None:
    assert cost_of("no-such-model", Usage(characters=1)) is None
    assert cost_of("m", Usage(characters=1), provider="nobody") is None


def test_an_unknown_usage_is_none_and_no_usage_costs_nothing() -> None:
    price("m", "1")
    assert cost_of("m", None) is None
    assert cost_of("m", Usage()) == Money(Decimal(0), "USD")


def test_one_unit_without_a_price_makes_the_whole_unknown() -> None:
    price("m", "1", unit="input_tokens")
    assert cost_of("m", Usage(input_tokens=1)) == Money(Decimal(1), "USD")
    assert cost_of("m", Usage(input_tokens=1, output_tokens=1)) is None


def test_the_exact_name_wins_over_the_longest_prefix() -> None:
    price("*", "1")
    price("voice-*", "2")
    price("voice-large-*", "3")
    price("voice-large-2", "4", valid_from=NOW - timedelta(days=9))
    costs = [
        cost_of(model, Usage(characters=1)) for model in ("x", "voicex", "voice-x", "voice-large-x", "voice-large-2")
    ]
    assert [money and money.amount for money in costs] == [1, 1, 2, 3, 4]


def test_a_price_holds_from_its_date_on() -> None:
    price("m", "1", valid_from=NOW)
    price("m", "2", valid_from=NOW + timedelta(days=1))
    moments = (NOW - timedelta(seconds=1), NOW, NOW + timedelta(hours=23), NOW + timedelta(days=1))
    costs = [cost_of("m", Usage(characters=1), moment) for moment in moments]
    assert [money and money.amount for money in costs] == [None, 1, 1, 2]


def test_a_model_is_listed_if_there_is_a_price_for_its_very_name() -> None:
    price("m", "1")
    price("n-*", "1")
    names = [("acme", "m"), ("acme", "n-*"), ("acme", "n-1"), ("other", "m")]
    assert [prices.table().lists(*name) for name in names] == [True, True, False, False]


@pytest.mark.parametrize(("amount", "cost"), [("9999999", Money(Decimal(9999999), "USD")), ("10000000", None)])
def test_a_call_that_costs_millions_has_an_odd_price(amount: str, cost: Money | None) -> None:
    price("m", amount)
    assert cost_of("m", Usage(characters=1)) == cost


def test_without_a_database_nothing_has_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(key: str) -> None:
        raise database.DatabaseUnavailable

    monkeypatch.setattr(prices._tables, "get", unavailable)
    assert cost_of("m", Usage(characters=1)) is None


def test_two_currencies_in_one_call_are_unknown() -> None:
    price("m", "1", unit="input_tokens", currency="USD")
    price("m", "1", unit="output_tokens", currency="INR")
    assert cost_of("m", Usage(input_tokens=1, output_tokens=1)) is None


def test_history_cannot_be_edited() -> None:
    old = price("m", "1")
    old.amount = Decimal(2)
    with pytest.raises(ValidationError, match="cannot be changed"):
        old.save()
    with pytest.raises(ValidationError, match="cannot be changed"):
        Price.objects.filter(model="m").update(amount=2)
    with pytest.raises(ValidationError, match="cannot be deleted"):
        old.delete()
    with pytest.raises(ValidationError, match="cannot be deleted"):
        Price.objects.filter(model="m").delete()
    assert Price.objects.get(model="m").amount == 1


def test_a_price_cannot_be_slipped_in_before_a_known_one() -> None:
    price("m", "1")
    with pytest.raises(ValidationError, match="must be after"):
        price("m", "2", valid_from=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "-1"},
        {"amount": "1", "per": 0},
        {"amount": "1", "unit": "bananas"},
        {"amount": "1", "currency": "usd"},
        {"amount": "1", "currency": "€"},
    ],
)
def test_nonsense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, IntegrityError)), transaction.atomic():
        price("m", **fields)


def test_a_new_price_is_seen_within_seconds_and_not_read_for_every_call(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices.forget()
    with django_assert_num_queries(1):
        for _ in range(50):
            cost_of("m", Usage(characters=1))
    Price.objects.create(
        provider="acme", model="m", unit="characters", per=1, amount=1, source="a test", valid_from=timezone.now()
    )
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 11))
    assert prices.cost("acme", "m", Usage(characters=1)) == Money(Decimal(1), "USD")


def test_prices_are_ten_seconds_old_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(remembered, "time", SimpleNamespace(monotonic=lambda: now[0]))
    prices.forget()
    table = prices.table()
    now[0] += 4.5
    assert prices.table() is table
    now[0] += 0.5  # half their time: within a transaction nothing is read in the background
    assert prices.table() is not table
    table = prices.table()
    prices.forget()
    assert prices.table() is not table


def test_a_price_may_be_for_many_units_and_is_rounded_to_nine_places() -> None:
    price("m", "1", per=3)
    assert cost_of("m", Usage(characters=2)) == Money(Decimal("0.666666667"), "USD")


def test_the_sum_of_several_units_is_in_their_currency(settings: Any) -> None:
    settings.DISPLAY_CURRENCY = "USD"
    price("m", "1", unit="input_tokens", currency="INR")
    price("m", "2", unit="output_tokens", currency="INR")
    assert cost_of("m", Usage(input_tokens=3, output_tokens=4)) == Money(Decimal(11), "INR")
    assert cost_of("m", Usage()) == Money(Decimal(0), "USD")
