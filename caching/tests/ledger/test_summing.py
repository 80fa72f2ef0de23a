from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from caching.ledger import rows, summing
from caching.ledger.batch import Batch
from caching.models import HourlyUsage, SummedDay, SummedUsage
from caching.reports import queries
from caching.reports.aggregates import Filters
from caching.reports.period import Period

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TODAY = summing.start_of_day(NOW)
FILTERS = (Filters(), Filters(client="a"), Filters(cache_type="tts"), Filters(level="speed", model="m"))


def row(hour: datetime, number: int, **fields: Any) -> HourlyUsage:
    return HourlyUsage(
        hour=hour, requests=number, cost=Decimal(number), under_5_ms=number, provider="p", currency="USD", **fields
    )


def fill() -> None:
    kinds = product(("llm", "tts"), ("exact", "miss"), ("a", "b"), ("m", "n"), ("speed", "quality"))
    names = ("cache_type", "outcome", "client", "model", "level")
    fields = [dict(zip(names, kind, strict=True)) for kind in kinds]
    hours = [TODAY - timedelta(hours=back) for back in (1, 7, 24, 25, 60, 100)]
    HourlyUsage.objects.bulk_create(row(hour, n + 1, **each) for n, (hour, each) in enumerate(product(hours, fields)))


def figures() -> list[Any]:
    """All that is read of the sums, for periods that begin and end within a day."""
    periods = [Period(NOW - timedelta(days=days, hours=5), NOW - timedelta(hours=3)) for days in (1, 3, 9)]
    return [
        (
            queries.summary(period, filters),
            queries.timeseries(period, filters),
            sorted(map(repr, queries.by_dimension(period, filters)["client"])),
            queries.unpriced_models(period),
        )
        for period in periods
        for filters in FILTERS
    ]


def test_figures_are_the_same_before_and_after_their_days_are_summed() -> None:
    fill()
    before = figures()
    assert summing.sum_days() == 5
    assert SummedUsage.objects.exists() and summing.sum_days() == 0
    assert figures() == before


def test_nothing_of_a_summed_day_is_read_by_the_hour() -> None:
    fill()
    summing.sum_days()
    whole_days = Period(TODAY - timedelta(days=4), TODAY)
    before = queries.summary(whole_days), queries.timeseries(whole_days)
    HourlyUsage.objects.all().delete()
    assert before[0].total and (queries.summary(whole_days), queries.timeseries(whole_days)) == before


def test_what_is_written_late_or_erased_is_summed_again() -> None:
    fill()
    summing.sum_days()
    yesterday = TODAY - timedelta(days=1)
    before = queries.summary(Period(yesterday, TODAY)).total
    batch = Batch()
    empty = rows._EMPTY_HOUR | {"level": "", "provider": "p", "model": "m", "client": "c", "currency": "USD"}
    batch.hours.add(empty | {"cache_type": "llm", "outcome": "miss", "requests": 5, "hour": yesterday})
    batch.write()
    assert queries.summary(Period(yesterday, TODAY)).total == before + 5
    assert summing.sum_days() == 1
    assert queries.summary(Period(yesterday, TODAY)).total == before + 5
    HourlyUsage.objects.filter(client="c").update(client="")
    summing.client_unnamed("c", [yesterday])
    assert queries.summary(Period(yesterday, TODAY), Filters(client="c")).total == 0
    assert not SummedUsage.objects.filter(client="c").exists()
    assert SummedDay.objects.get(is_stale=True).day == yesterday


def test_a_day_that_another_process_sums_meanwhile_is_not_summed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    known = SummedDay.objects.values_list

    def known_before(*fields: str, **how: Any) -> list[Any]:
        found = list(known(*fields, **how))
        monkeypatch.undo()
        assert summing.sum_days() == 5
        return found

    monkeypatch.setattr(SummedDay.objects, "values_list", known_before)
    assert summing.sum_days() == 0


@pytest.mark.parametrize("again", [lambda: None, summing.sum_days], ids=["stale", "summed again"])
def test_no_day_is_missing_from_rows_that_are_read_after_a_change(again: Callable[[], object]) -> None:
    fill()
    summing.sum_days()
    parts = summing.rows(TODAY - timedelta(days=9), TODAY, {})
    before = [part.aggregate(n=Sum("requests"))["n"] for part in parts]
    summing.hours_changed([TODAY - timedelta(hours=1)])
    again()
    assert [part.aggregate(n=Sum("requests"))["n"] for part in parts] == before


@pytest.mark.django_db(transaction=True)
def test_a_day_is_summed_again_after_a_change_that_its_sum_did_not_see() -> None:
    """The change is made in another transaction while the day is summed, and waits for it where databases lock rows."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    fill()
    yesterday = TODAY - timedelta(days=1)

    def change() -> None:
        with closing(connection), transaction.atomic():
            HourlyUsage.objects.filter(hour__gte=yesterday, hour__lt=TODAY).update(requests=1000)
            changed.set()
            summing.hours_changed([yesterday])

    changed = threading.Event()
    thread = threading.Thread(target=change)
    with transaction.atomic():
        summing.sum_days()
        thread.start()
        assert changed.wait(10)
        thread.join(0.3)
        assert thread.is_alive(), "it does not wait for the sum"
    thread.join(10)
    assert SummedDay.objects.get(is_stale=True).day == yesterday
    assert summing.sum_days() == 1
    rows = HourlyUsage.objects.filter(hour__gte=yesterday, hour__lt=TODAY)
    assert queries.summary(Period(yesterday, TODAY)).total == 1000 * rows.count()
