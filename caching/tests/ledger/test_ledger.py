from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client import REGISTRY

from caching import ledger
from caching.ledger import Event, Usage
from caching.ledger.writer import writer
from caching.models import Call, EntryHits, HourlyUsage, MinuteUsage, Price
from caching.pricing import prices
from caching.pricing.money import Money

pytestmark = pytest.mark.django_db

MISS = Event(
    "llm",
    "miss",
    Usage(input_tokens=10, output_tokens=20),
    level="balanced",
    provider="acme",
    model="m",
    client="bot",
    seconds=0.7,
    key="llm:exact:a",
    question="What is the weather?",
)
HIT = replace(MISS, outcome="exact", seconds=0.0004)
SEMANTIC = replace(
    HIT,
    outcome="semantic",
    matched="How is the weather?",
    similarity=0.97,
    probability=0.995,
    reasons=["same subject", "no negation"],
)


@pytest.fixture(autouse=True)
def known_prices(db: None, settings: Any) -> None:
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}
    for provider, unit, amount, currency in (
        ("acme", "input_tokens", "0.01", "USD"),
        ("acme", "output_tokens", "0.02", "USD"),
        ("tara", "characters", "2", "INR"),
    ):
        Price.objects.create(
            provider=provider, model="*", unit=unit, amount=amount, per=1, currency=currency, source="a test"
        )
    prices.forget()


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def sums(field: str, **filters: Any) -> Decimal:
    rows = HourlyUsage.objects.filter(**filters).values_list(field, flat=True)
    return sum(rows, Decimal(0))


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"ledger_{name}_total", labels) or 0.0


def test_a_miss_costs_what_was_billed_and_is_in_the_database_at_once() -> None:
    costs = ledger.record(MISS)
    assert (costs.cost, costs.saved) == (usd("0.5"), usd("0"))
    row = HourlyUsage.objects.get()
    assert (row.outcome, row.requests, row.cost, row.saved, row.currency) == ("miss", 1, Decimal("0.5"), 0, "USD")
    assert (row.input_tokens, row.output_tokens, row.seconds, row.under_1000_ms) == (10, 20, 0.7, 1)
    assert (row.level, row.provider, row.model, row.client) == ("balanced", "acme", "m", "bot")
    assert row.hour == timezone.now().replace(minute=0, second=0, microsecond=0)
    call = Call.objects.get()
    assert (call.question, call.cost, call.key) == ("What is the weather?", Decimal("0.5"), "llm:exact:a")


def test_a_hit_saves_what_it_would_have_cost_and_is_written_with_the_next_flush() -> None:
    costs = [ledger.record(HIT) for _ in range(3)]
    assert {(cost.cost, cost.saved) for cost in costs} == {(usd("0"), usd("0.5"))}
    assert not HourlyUsage.objects.exists()
    assert writer.flush()
    row = HourlyUsage.objects.get()
    assert (row.outcome, row.requests, row.cost, row.saved, row.under_1_ms) == ("exact", 3, 0, Decimal("1.5"), 3)
    assert not Call.objects.exists(), "an exact hit needs no row of its own"
    entry = EntryHits.objects.get()
    assert (entry.key, entry.hits, entry.saved, entry.question) == (HIT.key, 3, Decimal("1.5"), "What is the weather?")


def test_a_semantic_hit_leaves_a_row_that_says_why() -> None:
    ledger.record(SEMANTIC)
    writer.flush()
    call = Call.objects.get()
    assert (call.outcome, call.question, call.matched) == ("semantic", "What is the weather?", "How is the weather?")
    assert (call.similarity, call.probability) == (0.97, 0.995)
    assert call.reasons == ["same subject", "no negation"]
    assert (call.cost, call.saved) == (0, Decimal("0.5"))


def test_what_the_cache_spent_is_taken_off_what_it_saved() -> None:
    costs = ledger.record(replace(SEMANTIC, overhead=usd("0.1")))
    assert (costs.cost, costs.saved) == (usd("0.1"), usd("0.4"))
    assert HourlyUsage.objects.get().overhead == Decimal("0.1"), "spend is written at once, on a hit too"
    costs = ledger.record(replace(MISS, overhead=usd("0.1")))
    assert (costs.cost, costs.saved) == (usd("0.6"), usd("-0.1"))
    assert (sums("cost"), sums("saved"), sums("requests")) == (Decimal("0.7"), Decimal("0.3"), 2)


def test_each_currency_is_kept_and_converted_only_for_the_receipt() -> None:
    hit = Event("tts", "exact", Usage(characters=40), provider="tara", model="v", overhead=usd("0.25"))
    costs = ledger.record(hit)
    assert (costs.cost, costs.saved) == (usd("0.25"), usd("0.75"))
    assert (sums("saved", currency="INR"), sums("saved", currency="USD")) == (80, Decimal("-0.25"))


def test_an_unknown_price_is_unknown_and_never_nothing() -> None:
    for outcome in ("miss", "exact"):
        costs = ledger.record(replace(MISS, outcome=outcome, provider="nobody"))
        assert (costs.cost if outcome == "miss" else costs.saved) is None
    writer.flush()
    assert (sums("unpriced"), sums("requests"), sums("cost")) == (2, 2, 0)
    call = Call.objects.get()
    assert (call.cost, call.input_tokens) == (None, 10)


def test_a_provider_that_does_not_say_what_it_billed_is_unpriced_too() -> None:
    assert ledger.record(replace(MISS, usage=None)).cost is None
    assert sums("unpriced") == 1


def test_a_text_of_which_some_sentences_were_cached_is_billed_and_saved_in_part() -> None:
    costs = ledger.record(
        Event("tts", "miss", Usage(characters=10), provider="tara", model="v", served=Usage(characters=30))
    )
    assert (costs.cost, costs.saved) == (Money(Decimal(20), "INR"), Money(Decimal(60), "INR"))
    assert (sums("characters", outcome="miss"), sums("characters", outcome="exact")) == (10, 30)
    assert (sums("requests"), sums("cost"), sums("saved")) == (1, 20, 60)


def test_an_error_costs_nothing_and_touches_no_database(django_assert_num_queries: Callable[[int], Any]) -> None:
    ledger.record(MISS)
    with django_assert_num_queries(0):
        costs = ledger.record(replace(MISS, outcome="error", usage=Usage()))
    assert costs.cost == usd("0")
    writer.flush()
    assert sums("requests", outcome="error") == 1
    assert Call.objects.count() == 1


def test_a_later_price_changes_nothing_that_was_written() -> None:
    ledger.record(MISS)
    Price.objects.create(provider="acme", model="m", unit="input_tokens", amount=9, per=1, source="a test")
    prices.forget()
    assert sums("cost") == Decimal("0.5")
    assert ledger.record(MISS).cost == usd("90.4")


def test_prometheus_and_the_ledger_show_the_same() -> None:
    labels = {"cache_type": "llm", "provider": "acme"}
    money = {**labels, "currency": "USD"}
    before = {name: metric(name, **money) for name in ("cost", "saved", "overhead")}
    served = metric("served_units", **labels, unit="input_tokens")
    billed = metric("billed_units", **labels, unit="input_tokens")
    for event in (MISS, HIT, SEMANTIC, replace(SEMANTIC, overhead=usd("0.03")), replace(MISS, overhead=usd("0.001"))):
        ledger.record(event)
    writer.flush()
    grown = {name: metric(name, **money) - before[name] for name in before}
    assert grown["cost"] == pytest.approx(float(sums("cost")))
    assert grown["overhead"] == pytest.approx(float(sums("overhead")))
    assert grown["saved"] - grown["overhead"] == pytest.approx(float(sums("saved")))
    assert metric("served_units", **labels, unit="input_tokens") - served == 30
    assert metric("billed_units", **labels, unit="input_tokens") - billed == 20


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 5000])
def test_nothing_that_a_client_sends_can_stop_the_books(text: str) -> None:
    ledger.record(replace(SEMANTIC, model=text, question=text, matched=text, key=text, reasons=[text]))
    ledger.record(replace(MISS, model=text, question=text))
    assert writer.flush()
    assert sums("requests") == 2


def test_texts_are_kept_out_where_logs_must_not_hold_them(settings: Any) -> None:
    settings.LOG_TEXTS = False
    ledger.record(MISS)
    assert Call.objects.get().question == "[hidden]"


def test_a_sum_of_many_small_amounts_is_exact() -> None:
    for _ in range(1000):
        ledger.record(Event("llm", "exact", Usage(cached_input_tokens=1), provider="openai", model="gpt-6-luna"))
    writer.flush()
    assert sums("saved") == Decimal("0.00001")


def rename(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_ledger_of_which_one_table_cannot_be_written_fails_until_it_can(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "caching.ledger.writer")
    rename("caching_call", "elsewhere")
    for requests in range(1, 4):
        # The worker is due only each second: what it does first is written.
        writer._flushed = 0.0
        ledger.record(MISS)
        writer._work()
        assert sums("requests") == requests
    assert levels(caplog) == ["WARNING"]
    assert REGISTRY.get_sample_value("ledger_pending_rows")
    rename("elsewhere", "caching_call")
    assert writer.flush()
    assert levels(caplog) == ["WARNING", "INFO"]
    assert not REGISTRY.get_sample_value("ledger_pending_rows")
    assert (Call.objects.count(), sums("requests")) == (3, 3)


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Those of the ledger's messages: the database driver has its own."""
    return [record.levelname for record in caplog.records if record.name == "caching.ledger.writer"]


def test_minutes_that_would_be_deleted_at_once_do_not_wait_for_the_database() -> None:
    now = timezone.now()
    kept, old = now - MinuteUsage.KEPT_FOR / 2, now - MinuteUsage.KEPT_FOR * 2
    rename("caching_hourlyusage", "elsewhere")
    ledger.record(HIT)
    [row] = writer._pending.minutes.rows.values()
    for minute in (kept, old):
        writer._pending.minutes.add(row | {"minute": minute})
    assert not writer.flush()
    assert sorted(row["minute"] for row in writer._pending.minutes.rows.values()) == [kept, row["minute"]]
