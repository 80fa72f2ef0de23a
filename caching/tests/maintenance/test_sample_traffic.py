from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from caching.maintenance import sample_traffic
from caching.models import Call, EntryHits, HourlyUsage
from caching.reports import queries
from caching.reports.aggregates import Filters, Period

pytestmark = pytest.mark.django_db


def exists() -> bool:
    return HourlyUsage.objects.filter(currency="XTS").exists()


def test_it_fills_thirty_days_with_marked_traffic_that_no_real_total_contains() -> None:
    now = timezone.now()
    requests = sample_traffic.fill(now=now)
    figures = queries.summary(Period(now - timedelta(days=31), now + timedelta(hours=1)))
    assert figures.total == requests > 20_000
    assert figures.hit_rate and 0.3 < figures.hit_rate < 0.7
    assert (figures.spent, figures.saved, figures.unpriced) == (0, 0, 0)
    assert figures.list_saved > 1 and figures.list_spent > 1
    assert HourlyUsage.objects.dates("hour", "day").count() >= 30
    assert not HourlyUsage.objects.exclude(client__startswith="sample-", currency="XTS").exists()
    assert HourlyUsage.objects.latest("hour").hour <= now


def test_the_hours_of_a_day_and_the_days_of_a_week_differ_and_the_cache_fills() -> None:
    now = timezone.now()
    sample_traffic.fill(now=now)
    series = dict(queries.timeseries(Period(now - timedelta(days=28), now)))
    by_weekday = {day: sum(f.total for moment, f in series.items() if moment.weekday() == day) for day in range(7)}
    assert by_weekday[6] < by_weekday[1] * 0.7
    rates = [figures.hit_rate or 0 for figures in list(series.values())[1:-1]]
    assert sum(rates[-5:]) > sum(rates[:5])


def test_it_can_be_repeated_and_is_removed_with_nothing_left_or_lost() -> None:
    real = {"cache_type": "llm", "outcome": "miss", "client": "bot", "currency": "USD", "requests": 3}
    HourlyUsage.objects.create(hour=timezone.now(), cost=Decimal(1), **real)
    assert sample_traffic.fill(days=2) == sample_traffic.fill(days=2)
    assert exists() and Call.objects.exists() and EntryHits.objects.exists()
    assert sample_traffic.remove() > 0
    assert not (exists() or Call.objects.exists() or EntryHits.objects.exists())
    assert queries.summary(Period.last(timedelta(hours=2)), Filters(client="bot")).total == 3


def test_the_command_adds_and_removes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_traffic", "--days", "1")
    assert "sample data of" in capsys.readouterr().out and exists()
    call_command("demo_traffic", "--remove")
    assert "Deleted" in capsys.readouterr().out and not exists()
    with pytest.raises(CommandError):
        call_command("demo_traffic", "--days", "0")
