from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from caching.models import EntryHits
from caching.reports import leaders
from caching.reports.period import Period
from speechsite.tests.support.databases import on_database

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rates(settings: Any) -> None:
    settings.DISPLAY_CURRENCY = "USD"
    settings.CURRENCY_RATES = {"USD": Decimal(1), "INR": Decimal(80)}


def test_top_questions_are_those_that_saved_most_in_any_currency(database_url: str) -> None:
    with on_database(database_url):
        for key, saved, currency in (("a", 1, "USD"), ("b", 240, "INR"), ("c", 2, "USD")):
            for day in (0, 1):
                EntryHits.objects.create(
                    day=NOON.date() - timedelta(days=day),
                    key=key,
                    cache_type="llm",
                    question=f"{key}?",
                    hits=2,
                    saved=Decimal(saved),
                    currency=currency,
                )
        top = leaders.top_questions(Period(NOON - timedelta(days=2), NOON), limit=2)
    assert [(entry.key, entry.hits, entry.saved) for entry in top] == [("b", 4, 6), ("c", 4, 4)]


def test_top_questions_of_more_days_than_a_database_takes_queries_in_one_union() -> None:
    days = 500
    for key, back in (("newest", 0), ("oldest", days), ("before", days + 1)):
        EntryHits.objects.create(
            day=NOON.date() - timedelta(days=back), key=key, cache_type="llm", hits=1, saved=Decimal(1), currency="USD"
        )
    found = leaders.top_questions(Period(NOON - timedelta(days=days), NOON))
    assert sorted(top.key for top in found) == ["newest", "oldest"]


@pytest.mark.parametrize("key", ["2026-12-01", "2026-12-02", "entry"])
def test_what_is_named_like_a_day_is_no_day(key: str, database_url: str) -> None:
    first, last = date(2026, 12, 1), date(2026, 12, 2)
    with on_database(database_url):
        EntryHits.objects.create(day=last, key=key, cache_type="llm", hits=1, saved=Decimal(1), currency="USD")
        assert leaders._best(EntryHits.objects.filter(key=key), first, last, 1, ("hits",)) == [key]


def test_entries_of_one_question_are_one_row() -> None:
    cut = "a long beginning…"
    for key, question in (("a", "Where is it?"), ("b", "where is it?"), ("c", ""), ("d", ""), ("e", cut), ("f", cut)):
        EntryHits.objects.create(
            day=NOON.date(), key=key, cache_type="llm", question=question, hits=1, saved=Decimal(1), currency="USD"
        )
    found = leaders.top_questions(Period(NOON - timedelta(days=1), NOON))
    assert next((top.key, top.hits, top.entries) for top in found) == ("a", 2, 2)
    assert sorted(top.key for top in found[1:]) == ["c", "d", "e", "f"]
