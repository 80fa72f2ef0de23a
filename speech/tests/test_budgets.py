from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from speech.budgets import seconds_left


@pytest.mark.parametrize(
    ("period", "now", "seconds"),
    [
        ("daily", datetime(2026, 11, 23, 23, 59, 30, tzinfo=UTC), 30),
        ("daily", datetime(2026, 11, 23, 0, 0, tzinfo=UTC), 86_400),
        ("monthly", datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC), 30),
        ("monthly", datetime(2028, 2, 1, tzinfo=UTC), 29 * 86_400),
        ("monthly", datetime(2026, 1, 31, tzinfo=UTC), 86_400),
    ],
)
def test_it_knows_when_the_day_or_month_ends(period: Any, now: datetime, seconds: int) -> None:
    assert seconds_left(period, now) == seconds
