from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from caching.reports.period import Period


@pytest.mark.parametrize("hours", [1, 24, 30, 50])
def test_no_distance_from_utc_holds_beyond_the_end_of_the_period(hours: int) -> None:
    end = datetime(2026, 3, 29, 3, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        offsets = Period(end - timedelta(hours=hours), end).utc_offsets()
    assert offsets[-1] == (end, timedelta(hours=2))
    assert [until.hour for until, _ in offsets[:-1]] in ([], [1])
