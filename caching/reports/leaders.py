"""Entries with the most hits or the highest savings of a period, without reading all of its rows.

Of each day the first PER_DAY entries are candidates, from an index; of the best of them all days are added up. An entry
that is among the first of no day is not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

from django.db import connection
from django.db.models import Max, Q, QuerySet, Sum

from caching.models import EntryHits
from caching.policy import CACHE_TYPES
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.reports.aggregates import EVERYTHING, Filters, TopQuestion, shown
from caching.reports.period import Period

PER_DAY = 100
# Of queries in one UNION ALL; SQLite takes 500 (SQLITE_MAX_COMPOUND_SELECT).
MAX_TERMS = 400


@dataclass(frozen=True, slots=True)
class Leader:
    """One entry in one currency."""

    key: str
    currency: str
    cache_type: str
    question: str
    hits: int
    saved: Decimal


def top_questions(period: Period, filters: Filters = EVERYTHING, limit: int = 10) -> list[TopQuestion]:
    """Return the questions with the highest savings, by whole days. Only the filter of cache type applies."""
    same: dict[tuple[str, str, str], list[Leader]] = defaultdict(list)
    for leader in _most_saved(period.start.date(), period.end.date(), filters.cache_type):
        # One question has an entry for each client, model and level. Of a shortened one the end is not known.
        is_whole = leader.question and not leader.question.endswith("…")
        name = leader.question.lower() if is_whole else leader.key
        same[name, leader.cache_type, leader.currency].append(leader)
    found = [_together(leaders) for leaders in same.values()]
    return sorted(found, key=lambda top: (top.saved, top.hits), reverse=True)[:limit]


def most_hits(first: date, last: date, number: int) -> list[Leader]:
    """Return the entries with the most hits, most first."""
    return sorted(
        _of(EntryHits.objects.all(), first, last, number, ("hits",)), key=lambda each: each.hits, reverse=True
    )


def highest_savings(first: date, last: date, number: int) -> list[Leader]:
    """Return the entries with the highest savings in settings.DISPLAY_CURRENCY, highest first."""
    found = _most_saved(first, last)
    return sorted(found, key=lambda each: shown(each.saved, each.currency), reverse=True)[:number]


def _most_saved(first: date, last: date, cache_type: str = "") -> list[Leader]:
    """Return the leaders of each cache type and currency: amounts in two currencies cannot be compared in SQL."""
    found: list[Leader] = []
    for name in [cache_type] if cache_type else CACHE_TYPES:
        for currency in _currencies(name):
            rows = EntryHits.objects.filter(cache_type=name, currency=currency)
            found += _of(rows, first, last, PER_DAY, ("saved", "hits"), currency)
    return found


def _currencies(cache_type: str) -> Iterator[str]:
    """Yield the currencies in use. Each is the first entry of an index after the last one: no list of rows is read."""
    rows = EntryHits.objects.filter(cache_type=cache_type).order_by("currency").values_list("currency", flat=True)
    currency = rows.first()
    while currency is not None:
        yield currency
        currency = rows.filter(currency__gt=currency).first()


def _of(
    rows: QuerySet[EntryHits],
    first: date,
    last: date,
    number: int,
    figures: Sequence[str],
    currency: str | None = None,
) -> list[Leader]:
    """Return the `number` entries with the highest figures, in no order; None: in every currency."""
    best = _best(rows, first, last, number, figures)
    # By key alone: with the days in its condition, a database may read all rows of them.
    of_period = Q(day__gte=first, day__lte=last)
    whole = EntryHits.objects.filter(key__in=best).order_by().values_list("key", "currency", "cache_type")
    totals = whole.annotate(text=Max("question"), n=Sum("hits", filter=of_period), won=Sum("saved", filter=of_period))
    found = (Leader(*row) for row in totals if row[-1] is not None)
    return [each for each in found if currency in (None, each.currency)]


def _best(rows: QuerySet[EntryHits], first: date, last: date, number: int, figures: Sequence[str]) -> list[str]:
    """Return the keys of the `number` entries with the highest sums among the first PER_DAY of each day.

    In SQL, since Django makes no union of limited queries for SQLite.
    """
    columns = ("key", *figures)
    ordered = rows.order_by(*(f"-{figure}" for figure in figures)).values_list(*columns)
    # Django takes a quarter of a millisecond to write this query, which is the same for each day but for one parameter.
    # The queries of two days tell which: another value may look like a day.
    (of_day, params), (_, others) = (
        ordered.filter(day=day)[:PER_DAY].query.sql_with_params() for day in (first, first - timedelta(days=1))
    )
    [at] = (number for number, pair in enumerate(zip(params, others, strict=True)) if pair[0] != pair[1])
    days = [connection.ops.adapt_datefield_value(day) for day in _days(first, last)]
    union = _union([of_day] * len(days))
    quoted = ", ".join(map(connection.ops.quote_name, columns))
    highest = ", ".join(f"SUM({connection.ops.quote_name(figure)}) DESC" for figure in figures)
    # Names of our own table and columns, quoted; every value is a parameter.
    sql = f"WITH leaders ({quoted}) AS ({union}) SELECT key FROM leaders GROUP BY key ORDER BY {highest} LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*chain.from_iterable([*params[:at], day, *params[at + 1 :]] for day in days), number])
        return [key for (key,) in cursor.fetchall()]


def _union(queries: Sequence[str]) -> str:
    """Return all rows of the queries as one query, nested for MAX_TERMS."""
    terms = [f"SELECT * FROM ({query}) AS days" for query in queries]  # noqa: S608
    if len(terms) <= MAX_TERMS:
        return " UNION ALL ".join(terms)
    return _union([" UNION ALL ".join(terms[at : at + MAX_TERMS]) for at in range(0, len(terms), MAX_TERMS)])


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _together(leaders: Sequence[Leader]) -> TopQuestion:
    [currency] = {leader.currency for leader in leaders}
    is_sample = currency == SAMPLE_CURRENCY
    saved = sum((leader.saved for leader in leaders), Decimal(0))
    return TopQuestion(
        key=min(leader.key for leader in leaders),
        cache_type=leaders[0].cache_type,
        question=max(leader.question for leader in leaders),
        hits=sum(leader.hits for leader in leaders),
        saved=shown(saved, "USD" if is_sample else currency),
        is_sample=is_sample,
        entries=len(leaders),
    )
