from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Sum
from django.utils import timezone

from caching.dashboard.recent import SeenRequest
from caching.ledger import recent_stream
from caching.maintenance import sample_traffic
from caching.maintenance.sample_requests import LATEST
from caching.models import Call, EntryHits, ErrorCount, HourlyUsage, MinuteUsage
from caching.reports import queries
from caching.reports.aggregates import Filters
from caching.reports.period import Period

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
    # The days of a week differ, and the cache fills.
    series = dict(queries.timeseries(Period(now - timedelta(days=28), now)))
    by_weekday = {day: sum(f.total for moment, f in series.items() if moment.weekday() == day) for day in range(7)}
    assert by_weekday[6] < by_weekday[1] * 0.7
    rates = [figures.hit_rate or 0 for figures in list(series.values())[1:-1]]
    assert sum(rates[-5:]) > sum(rates[:5])


def test_its_minutes_errors_and_latest_requests_agree_with_its_hours(redis_client: redis.Redis) -> None:
    now = timezone.now()
    sample_traffic.fill(days=3, now=now)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    for back in range(sample_traffic.HOURS_BY_MINUTE + 1):
        hour = this_hour - timedelta(hours=back)
        hourly = HourlyUsage.objects.filter(hour=hour).aggregate(Sum("requests"), Sum("under_5_ms"))
        minutes = MinuteUsage.objects.filter(minute__gte=hour, minute__lt=hour + timedelta(hours=1))
        assert minutes.aggregate(Sum("requests"), Sum("under_5_ms")) == hourly
    failed = HourlyUsage.objects.filter(outcome="error").aggregate(n=Sum("requests"))["n"]
    assert sum(n for *_, n in queries.errors(Period(now - timedelta(days=5), now))) == failed > 0
    recent = [SeenRequest.of(each) for each in recent_stream.latest() or []]
    assert len(recent) == LATEST and {"hit", "miss"} <= {each.pill for each in recent}
    assert all(each.told["client"].startswith("sample-") for each in recent)
    assert all(each.cost and each.saved and each.cost.currency == "XTS" for each in recent)
    sample_traffic.remove()
    assert not (recent_stream.latest() or MinuteUsage.objects.exists() or ErrorCount.objects.exists())


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
