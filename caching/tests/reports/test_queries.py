from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from caching.models import Call, EntryHits, ErrorCount, HourlyUsage, Judgement, MinuteUsage
from caching.pricing.money import Money
from caching.reports import leaders, queries
from caching.reports.aggregates import Filters, percentile, together
from caching.reports.period import Period
from caching.tests.support.hours import insert_hours
from speechsite.tests.support.databases import on_database

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
DAY = Period(NOON - timedelta(hours=23), NOON + timedelta(minutes=30))


@pytest.fixture(autouse=True)
def rates(settings: Any) -> None:
    settings.DISPLAY_CURRENCY = "USD"
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}


def hour(outcome: str, requests: int, **fields: Any) -> HourlyUsage:
    defaults = {"hour": NOON, "cache_type": "llm", "level": "balanced", "provider": "acme", "model": "m"}
    defaults |= {"client": "bot", "currency": "USD", "outcome": outcome, "requests": requests}
    row: HourlyUsage = HourlyUsage.objects.create(**{**defaults, **fields})
    return row


def test_a_summary_adds_up_what_agrees_with_the_filters() -> None:
    hour("exact", 6, saved=Decimal("1.2"), input_tokens=60, output_tokens=6, seconds=0.006, under_5_ms=6)
    hour("semantic", 2, saved=Decimal("0.3"), overhead=Decimal("0.1"), cost=Decimal("0.1"))
    hour("miss", 2, cost=Decimal("0.4"), input_tokens=20, output_tokens=2, seconds=1.0, unpriced=1)
    hour("error", 1)
    hour("bypass", 1, client="other")
    figures = queries.summary(DAY)
    assert (figures.total, figures.hits, figures.hit_rate) == (12, 8, 0.8)
    assert (figures.spent, figures.saved, figures.overhead) == (Decimal("0.5"), Decimal("1.5"), Decimal("0.1"))
    assert (figures.tokens_served, figures.tokens_billed, figures.unpriced) == (66, 22, 1)
    assert (figures.average_hit_seconds, figures.average_miss_seconds) == (0.006 / 8, 0.5)
    assert queries.summary(DAY, Filters(client="other")).total == 1
    assert queries.summary(DAY, Filters(cache_type="tts")).total == 0


def test_the_parts_of_a_period_add_up_to_the_whole() -> None:
    hour("exact", 6, saved=Decimal("1.2"), input_tokens=60, seconds=0.006)
    hour("miss", 2, cost=Decimal("0.4"), hour=NOON - timedelta(hours=5), unpriced=1)
    assert together(figures for _, figures in queries.timeseries(DAY)) == queries.summary(DAY)


def test_currencies_are_converted_for_display() -> None:
    hour("miss", 1, cost=Decimal(160), currency="INR")
    hour("miss", 1, cost=Decimal(1))
    assert queries.summary(DAY).spent == 3


def test_without_requests_there_is_no_rate() -> None:
    figures = queries.summary(DAY)
    assert (figures.total, figures.hit_rate, figures.average_hit_seconds) == (0, None, None)


def test_a_period_and_the_one_before_do_not_share_a_full_hour() -> None:
    hour("exact", 1, hour=NOON - timedelta(hours=23))
    hour("exact", 2, hour=NOON - timedelta(hours=24))
    hour("exact", 4, hour=NOON + timedelta(hours=1))
    assert queries.summary(DAY).total == 1
    assert queries.summary(DAY.before).total == 2


def test_a_day_is_shown_by_hour_without_gaps() -> None:
    hour("exact", 3)
    hour("miss", 1, hour=NOON - timedelta(hours=5))
    points = queries.timeseries(DAY)
    assert len(points) == 24
    assert [moment for moment, figures in points if figures.total] == [NOON - timedelta(hours=5), NOON]
    assert points[-1][1].hits == 3


def test_a_month_is_shown_by_day() -> None:
    hour("exact", 3)
    hour("exact", 4, hour=NOON - timedelta(hours=1))
    points = queries.timeseries(Period(NOON - timedelta(days=30), NOON + timedelta(hours=1)))
    assert len(points) == 31
    assert (points[-1][0], points[-1][1].hits) == (NOON.replace(hour=0), 7)


def test_groups_come_with_the_largest_saving_first() -> None:
    hour("exact", 1, level="speed", model="a", saved=Decimal(1))
    hour("exact", 1, level="quality", model="b", saved=Decimal(2))
    hour("exact", 1, level="speed", model="a", saved=Decimal("0.5"), provider="other")
    levels, models = queries.by_level_and_model(DAY)
    assert [(name, figures.saved) for name, figures in levels] == [("quality", 2), ("speed", Decimal("1.5"))]
    assert [name for name, _ in models] == ["acme/b", "acme/a", "other/a"]


def test_times_of_hits_are_apart_from_those_of_misses() -> None:
    hour("exact", 90, under_1_ms=80, under_5_ms=10, seconds=0.9)
    hour("semantic", 10, under_50_ms=10, seconds=0.1)
    hour("miss", 4, under_1000_ms=3, slower=1, seconds=4.0)
    whole = together(figures for _, figures in queries.timeseries(DAY))
    assert whole.hit_times == {"under_1_ms": 80, "under_5_ms": 10, "under_50_ms": 10}
    assert percentile(whole.hit_times, 0.5) == pytest.approx(0.000625)
    assert percentile(whole.hit_times, 0.95) == pytest.approx(0.03)
    assert percentile(whole.miss_times, 0.5) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert percentile({}, 0.5) is None
    assert whole.times_faster == pytest.approx(0.8333 / 0.000625, rel=0.01)
    assert whole.seconds_saved == pytest.approx(100 * (1 - 0.01))


def test_the_last_hour_is_shown_by_minute() -> None:
    for minutes, number in ((0, 3), (30, 4), (90, 5)):
        MinuteUsage.objects.create(minute=NOON - timedelta(minutes=minutes), outcome="exact", requests=number)
    period = Period(NOON - timedelta(minutes=59, seconds=30), NOON + timedelta(seconds=30), by_minute=True)
    points = queries.timeseries(period)
    assert len(points) == 61
    assert [figures.total for _, figures in points if figures.total] == [4, 3]
    assert queries.summary(period).total == 7
    assert queries.summary(period.before).total == 5


def test_days_begin_at_midnight_of_the_viewer() -> None:
    hour("exact", 1, hour=NOON.replace(hour=18))
    hour("exact", 2, hour=NOON.replace(hour=19))
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        points = queries.timeseries(Period(NOON - timedelta(days=4), NOON + timedelta(days=1)))
    assert [(f"{day:%d %H:%M %z}", figures.total) for day, figures in points if figures.total] == [
        (f"{NOON:%d} 00:00 +0530", 1),
        (f"{NOON + timedelta(days=1):%d} 00:00 +0530", 2),
    ]


def test_errors_are_counted_by_provider_and_code() -> None:
    for code, provider, requests, minute in (("a", "x", 2, 1), ("a", "x", 3, 2), ("b", "y", 4, 1), ("a", "x", 9, 3000)):
        moment = NOON - timedelta(minutes=minute)
        ErrorCount.objects.create(minute=moment, provider=provider, code=code, requests=requests, cache_type="llm")
    assert queries.errors(DAY) == [("x", "a", 5), ("y", "b", 4)]
    assert queries.errors(DAY, Filters(provider="y")) == [("y", "b", 4)]


def test_a_period_with_hardly_any_figures_is_no_comparison() -> None:
    month = Period(NOON - timedelta(days=30), NOON)
    assert not month.is_covered(queries.timeseries(month))
    hour("exact", 1, hour=NOON - timedelta(days=2))
    assert not month.is_covered(queries.timeseries(month))
    hour("exact", 1, hour=NOON - timedelta(days=7))
    assert month.is_covered(queries.timeseries(month))


def test_unpriced_models_are_named() -> None:
    hour("miss", 5, model="new", unpriced=5, currency="")
    hour("exact", 2, model="new", unpriced=2, currency="")
    hour("miss", 1)
    hour("miss", 9, model="org/new", unpriced=9, currency="")
    assert queries.unpriced_models(DAY) == [("acme", "org/new", 9), ("acme", "new", 7)]


def call(outcome: str, **fields: Any) -> Call:
    row: Call = Call.objects.create(
        created=NOON, cache_type="llm", outcome=outcome, provider="acme", model="m", currency="USD", **fields
    )
    return row


def test_semantic_hits_to_review_come_first_and_the_least_certain_of_them() -> None:
    call("miss")
    safe, risky = call("semantic", match="1", probability=0.99), call("shadow", match="2", probability=0.9)
    reviewed, sample = call("semantic", match="3", probability=0.5), call("semantic", probability=0.4)
    Judgement.objects.create(match="3", judge="staff", verdict="right")
    same = call("semantic", match="4", probability=1.0)
    assert list(queries.semantic_hits(DAY)) == [risky, safe, same, sample, reviewed]
    assert queries.same_wording_hits(DAY) == 1


def test_the_average_cost_knows_when_it_knows_nothing() -> None:
    call("miss", cost=None)
    assert queries.average_cost("acme", "m") is None
    call("miss", cost=Decimal("0.1"))
    call("bypass", cost=Decimal("0.3"))
    assert queries.average_cost("acme", "m") == Money(Decimal("0.2"), "USD")


def test_it_is_quick_with_ten_million_requests(django_assert_max_num_queries: Any) -> None:
    month = Period(NOON - timedelta(days=30), NOON)
    rows = product(range(1, 721), ("exact", "semantic", "miss"), ("balanced", "speed"), range(10))
    insert_hours(
        (
            {"hour": NOON - timedelta(hours=hours), "outcome": outcome, "level": level, "client": f"client-{client}"}
            for hours, outcome, level, client in rows
        ),
        cache_type="llm",
        provider="acme",
        model="m",
        currency="USD",
        requests=232,
        saved=Decimal("0.01"),
    )
    # Of this thread, in which SQLite works too: other programs on the machine do not count.
    started = time.thread_time()
    with django_assert_max_num_queries(12):
        assert queries.summary(month).total == 10_022_400
        queries.summary(month.before)
        queries.timeseries(month)
        queries.by_level_and_model(month)
    # The promise for the whole page is 0.3 s; the time here is generous.
    assert time.thread_time() - started < 3


@pytest.mark.parametrize("end", [date(2026, 10, 28), date(2026, 3, 31)])
def test_days_begin_at_midnight_on_both_sides_of_a_change_of_the_clock(end: date, database_url: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    days = [end - timedelta(days=back) for back in range(6, 0, -1)]
    midnights = [datetime.combine(day, datetime.min.time(), berlin).astimezone(UTC) for day in (*days, end)]
    with on_database(database_url), timezone.override(berlin):
        for at in midnights[:-1]:
            hour("exact", 1, hour=at)
        for at in midnights[1:]:
            hour("miss", 2, hour=at - timedelta(hours=1))
        series = queries.timeseries(Period(midnights[0], midnights[-1]))
    assert [moment.date() for moment, _ in series] == days
    assert {figures.total for _, figures in series} == {3}


def test_days_are_added_up_on_every_database(database_url: str) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    with on_database(database_url):
        for hours in (0, 11, 12, 48):
            hour("exact", 1, hour=start + timedelta(hours=hours))
        series = queries.timeseries(Period(start, start + timedelta(days=3)))
    assert [figures.total for _, figures in series] == [2, 1, 1, 0]


def test_local_providers_are_worth_the_list_price_of_a_hosted_model_apart_from_real_money() -> None:
    hour("exact", 1, provider="demo", input_tokens=1_000_000, output_tokens=1_000_000)
    hour("miss", 1, provider="espeak", cache_type="tts", characters=1_000_000)
    figures = queries.summary(DAY)
    # gpt-6-luna: 0.10 and 0.50 USD per million tokens; tts-1: 15 USD per million characters.
    assert (figures.list_saved, figures.list_spent) == (Decimal("0.6"), Decimal(15))
    assert (figures.saved, figures.spent, figures.at_list_prices) == (0, 0, True)
    hour("miss", 1, cost=Decimal("0.4"))
    figures = queries.summary(DAY)
    assert (figures.saved, figures.spent, figures.at_list_prices) == (0, Decimal("0.4"), False)


def test_sample_data_is_in_no_total_of_real_money() -> None:
    hour("exact", 1, currency="XTS", saved=Decimal(7))
    hour("miss", 1, currency="XTS", cost=Decimal(3))
    figures = queries.summary(DAY)
    assert (figures.saved, figures.spent, figures.list_saved, figures.list_spent) == (0, 0, 7, 3)
    EntryHits.objects.create(
        day=NOON.date(), key="sample:a", currency="XTS", cache_type="llm", hits=1, saved=Decimal(7)
    )
    [top] = leaders.top_questions(DAY)
    assert (top.saved, top.is_sample) == (7, True)
