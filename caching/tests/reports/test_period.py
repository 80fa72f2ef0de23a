from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from caching.models import ErrorCount, HourlyUsage
from caching.reports import queries
from caching.reports.period import Period


@pytest.mark.parametrize("hours", [1, 24, 30, 50])
def test_no_distance_from_utc_holds_beyond_the_end_of_the_period(hours: int) -> None:
    end = datetime(2026, 3, 29, 3, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        offsets = Period(end - timedelta(hours=hours), end).utc_offsets()
    assert offsets[-1] == (end, timedelta(hours=2))
    assert [until.hour for until, _ in offsets[:-1]] in ([], [1])


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", date(2026, 12, 3)),
        ("Asia/Kolkata", date(2026, 12, 3)),
        ("Asia/Kathmandu", date(2026, 12, 3)),
        # The clock changes on the third day: by half an hour, amid an hour of UTC, at midnight.
        ("Australia/Lord_Howe", date(2026, 4, 3)),
        ("Australia/Lord_Howe", date(2026, 10, 2)),
        ("America/St_Johns", date(2026, 3, 6)),
        ("America/St_Johns", date(2026, 10, 30)),
        ("America/Los_Angeles", date(2026, 3, 6)),
        ("America/Havana", date(2026, 3, 6)),
        ("America/Havana", date(2026, 10, 30)),
    ],
)
@pytest.mark.django_db
def test_single_days_add_up_to_the_days_of_a_period(zone: str, first: date) -> None:
    """Where midnight is amid an hour of UTC, that hour belongs to one day, with its errors."""
    begun = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=1)
    for number in range(24 * 8):
        at = begun + timedelta(hours=number)
        HourlyUsage.objects.create(hour=at, cache_type="llm", outcome="exact", requests=number + 1)
        for minute in (0, 20, 40):
            fields = {"provider": "acme", "code": "x", "cache_type": "llm", "requests": number + 1}
            ErrorCount.objects.create(minute=at + timedelta(minutes=minute), **fields)
    with timezone.override(ZoneInfo(zone)):
        local = [datetime.combine(first + timedelta(days=day), datetime.min.time(), ZoneInfo(zone)) for day in range(7)]
        midnights = [midnight.astimezone(UTC) for midnight in local]
        whole = Period(midnights[0], midnights[-1], of_days=True)
        days = [Period(*ends, of_days=True) for ends in pairwise(midnights)]
        totals = [queries.summary(day).total for day in days]
        assert sum(totals) == queries.summary(whole).total
        assert [figures.total for _, figures in queries.timeseries(whole)] == totals
        errors = [queries.errors(day)[0][2] for day in days]
        assert sum(errors) == queries.errors(whole)[0][2]
        # An hour has three times as many errors as it has requests here.
        assert errors == [3 * total for total in totals]
        assert [day.before for day in days[1:]] == days[:-1]
        assert Period(midnights[3], midnights[6], of_days=True).before == Period(
            midnights[0], midnights[3], of_days=True
        )
        assert (days[2].calendar_days, whole.calendar_days) == (1, 6)
