from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from caching.dashboard import charts
from caching.models import Outcome
from caching.reports.aggregates import Figures
from caching.reports.period import Period

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)


def requests(hits: int, misses: int) -> Figures:
    figures = Figures()
    figures.requests |= {Outcome.EXACT: hits, Outcome.MISS: misses}
    return figures


@pytest.mark.parametrize(
    ("by_minute", "rates"),
    [(True, [0, 1 / 2, 2 / 3, 3 / 4, 4 / 5, 1]), (False, [0, 1, 1, 1, 1, 1])],
    ids=["minutes", "hours"],
)
def test_a_hit_rate_is_that_of_five_minutes_or_of_its_own_hour(by_minute: bool, rates: list[float]) -> None:
    period = Period(NOON, NOON + timedelta(hours=6), by_minute)
    series = [(NOON + number * period.step, requests(int(number > 0), int(number == 0))) for number in range(6)]
    chart = charts.hits(charts.Timeline(period, series, series))
    now, before = chart.drawn[-2:]
    assert list(now.values) == list(before.values) == rates
    assert (before.title, before.is_before, before.is_share) == (f"{now.title}, period before", True, True)


def test_money_of_single_minutes_is_compared_with_means_of_five() -> None:
    period = Period(NOON, NOON + timedelta(hours=1), by_minute=True)
    series = [(NOON + number * period.step, Figures(saved=Decimal(6 * (number == 0)))) for number in range(6)]
    found = charts.amounts(charts.Timeline(period, series, series)).drawn
    now, before = (next(each for each in found if each.colour == "saved" and each.is_before == old) for old in (0, 1))
    assert list(now.values) == [6, 0, 0, 0, 0, 0]
    assert list(before.values) == [6, 3, 2, Decimal("1.5"), Decimal("1.2"), 0]


@pytest.mark.parametrize(("first", "label"), [(NOON, "2 Dec, from 12:00"), (NOON - timedelta(hours=12), "2 Dec")])
def test_a_day_of_which_a_part_is_counted_says_so(first: datetime, label: str) -> None:
    period = Period(first, first + timedelta(days=7))
    assert [charts.label(moment, period) for moment in period.steps()][:2] == [label, "3 Dec"]
