"""Hits and savings of single entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from caching.models import EntryHits
from caching.reports import leaders
from caching.reports.aggregates import shown

PERIOD_DAYS = 30
SORTED = ("hits", "saved")


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    hits: int
    # In percent of the day with the most.
    height: float


def of(names: Sequence[str]) -> dict[str, tuple[int, Decimal]]:
    """Return hits and savings, in settings.DISPLAY_CURRENCY, of each of these entries that was hit."""
    found: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    rows = EntryHits.objects.filter(key__in=names).order_by().values_list("key", "currency")
    for key, currency, hits, saved in rows.annotate(Sum("hits"), Sum("saved")):
        before = found[key]
        found[key] = (before[0] + hits, before[1] + shown(saved, currency))
    return dict(found)


def most(sort: str, number: int) -> list[str]:
    """Return the entries with the most hits, or the highest savings, of the last days."""
    today = timezone.now().date()
    find = leaders.most_hits if sort == "hits" else leaders.highest_savings
    found = find(today - timedelta(days=PERIOD_DAYS), today, number)
    # An entry is there once for each currency.
    return list(dict.fromkeys(leader.key for leader in found))


def by_day(key: str) -> list[Day]:
    """Return each of the last days, oldest first; none if there was no hit."""
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in range(PERIOD_DAYS - 1, -1, -1)]
    counts: Counter[date] = Counter()
    for day, hits in EntryHits.objects.filter(key=key, day__gte=days[0]).values_list("day", "hits"):
        counts[day] += hits
    highest = max(counts.values(), default=0)
    return [Day(day, counts[day], 100 * counts[day] / highest) for day in days] if highest else []
