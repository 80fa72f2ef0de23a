"""Ledger queries for the dashboard and the commands.

Amounts are in settings.DISPLAY_CURRENCY. Rows are hourly, so a period starts at a full hour.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import Case, Count, Exists, Expression, F, Func, OuterRef, Q, QuerySet, Sum, TextField, When
from django.utils import timezone

from caching.ledger import summing
from caching.models import (
    Call,
    EntryHits,
    ErrorCount,
    Judgement,
    MinuteUsage,
    Outcome,
)
from caching.pricing import list_prices
from caching.pricing.money import Money
from caching.reports.aggregates import BUCKETS, EVERYTHING, MONEY_COLUMNS, UNIT_COLUMNS, Figures, Filters, shown
from caching.reports.period import Period

# What a query sums up: each column takes SQLite a fortieth of the time of the query.
MONEY = ("requests", *MONEY_COLUMNS)
TIMES = ("requests", "seconds", *BUCKETS)
MONEY_AND_TIMES = (*MONEY, "seconds", *BUCKETS)
TOTALS = (*MONEY, "seconds", *UNIT_COLUMNS)
EVERY_FIGURE = (*TOTALS, *BUCKETS)
# Probability of a match whose question has the same words.
SAME_WORDING = 1.0
# Calls that are read at once.
WALKED = 2_000
# Semantic matches that pages look at.
MAX_MATCHES = 5_000
# Columns of each dimension: two providers may have a model of the same name.
DIMENSIONS = {"client": ("client",), "provider": ("provider",), "model": ("provider", "model"), "level": ("level",)}
Groups = list[tuple[tuple[str, ...], Figures]]
_TOKENS = F("input_tokens") + F("cached_input_tokens") + F("output_tokens")


def summary(period: Period, filters: Filters = EVERYTHING) -> Figures:
    found = Figures()
    for row in _summed(_rows(period, filters)):
        found.add(row)
    return found


def timeseries(
    period: Period, filters: Filters = EVERYTHING, columns: Sequence[str] = EVERY_FIGURE
) -> list[tuple[datetime, Figures]]:
    """Return figures per minute, hour or day, including empty ones; of each those that `columns` hold."""
    points = {moment: Figures() for moment in period.steps()}
    rows = _rows(period, filters, hours=True)
    if period.step < timedelta(days=1):
        name = "minute" if period.by_minute else "hour"
        for row in _summed(rows, name, columns=columns):
            points[row[name]].add(row)
    else:
        day, zone = _local_day(period), timezone.get_current_timezone()
        for row in _summed([some.annotate(day=day) for some in rows], "day", columns=columns):
            points[datetime.fromisoformat(row["day"]).replace(tzinfo=zone)].add(row)
    return list(points.items())


class LocalDay(Func):
    """The day of a moment at a fixed distance from UTC. Not TruncDay: SQLite would call Python for every row."""

    output_field = TextField()

    def __init__(self, moment: str, offset: timedelta) -> None:
        super().__init__(moment, minutes=round(offset.total_seconds() / 60))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        if not self.extra["minutes"]:
            # A fifth of the time: moments are stored as texts.
            return super().as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)")
        return super().as_sql(compiler, connection, template="date(%(expressions)s, '%(minutes)+d minutes')")

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        shifted = "%(expressions)s AT TIME ZONE 'UTC' + interval '%(minutes)s minutes'"
        return super().as_sql(compiler, connection, template=f"to_char({shifted}, 'YYYY-MM-DD')")


def _local_day(period: Period) -> Expression:
    """The day of an hour in the current time zone, which may change its distance from UTC within the period."""
    *changes, (_, last) = period.utc_offsets()
    cases = [When(hour__lt=until, then=LocalDay("hour", offset)) for until, offset in changes]
    return Case(*cases, default=LocalDay("hour", last)) if cases else LocalDay("hour", last)


def by_dimension(period: Period, filters: Filters = EVERYTHING) -> dict[str, Groups]:
    """Return requests and money by the columns of each of DIMENSIONS, highest savings first, from one query."""
    groups: dict[str, dict[tuple[str, ...], Figures]] = {name: defaultdict(Figures) for name in DIMENSIONS}
    for row in _summed(_rows(period, filters), "client", "provider", "model", "level", columns=MONEY):
        for name, columns in DIMENSIONS.items():
            groups[name][tuple(row[column] for column in columns)].add(row)
    return {name: _by_savings(found) for name, found in groups.items()}


def by_level_and_model(period: Period) -> tuple[list[tuple[str, Figures]], list[tuple[str, Figures]]]:
    """Return figures by level and by `provider/model`, highest savings first."""
    found = by_dimension(period)
    levels, models = ([("/".join(key), figures) for key, figures in found[name]] for name in ("level", "model"))
    return levels, models


def errors(period: Period, filters: Filters = EVERYTHING) -> list[tuple[str, str, int]]:
    """Return provider, code and number of the requests that failed, most first."""
    rows = ErrorCount.objects.filter(minute__gte=period.first, minute__lt=period.until, **filters.conditions())
    return list(rows.values_list("provider", "code").annotate(n=Sum("requests")).order_by("-n", "provider", "code"))


def unpriced_models(period: Period) -> list[tuple[str, str, int]]:
    """Return provider, model and number of unpriced requests, most first."""
    found = Counter[tuple[str, str]]()
    for rows in _rows(period, EVERYTHING):
        sums = rows.filter(unpriced__gt=0).values_list("provider", "model").annotate(Sum("unpriced"))
        found.update({(provider, model): number for provider, model, number in sums})
    return [(provider, model, number) for (provider, model), number in found.most_common()]


class ReviewCount(NamedTuple):
    """Number of reviews by one kind of reviewer, with one verdict, at one level."""

    judge: str
    verdict: str
    level: str
    number: int


def reviews(period: Period, filters: Filters = EVERYTHING) -> list[ReviewCount]:
    """Count reviews by reviewer, verdict and level. Filters: level and client."""
    rows = Judgement.objects.filter(created__gte=period.start, created__lt=period.end, **_level_and_client(filters))
    found = rows.order_by().values_list("judge", "verdict", "level").annotate(Count("pk"))
    return [ReviewCount(*row) for row in found]


class LookupSum(NamedTuple):
    """Sums of one level, one result and one currency, of chat questions that the cache looked up.

    The results SHADOW, NEAR and JUDGED are no questions, but what the cache did besides.
    """

    level: str
    outcome: str
    currency: str
    requests: int
    unpriced: int
    cost: Decimal

    @property
    def is_priced(self) -> bool:
        return self.currency not in ("", list_prices.SAMPLE_CURRENCY)


def lookups(period: Period, filters: Filters = EVERYTHING) -> list[LookupSum]:
    """Return what was looked up, near misses and reviews by a model. Filters: level and client."""
    chosen = Filters(cache_type="llm", **_level_and_client(filters))
    outcomes = (Outcome.MISS, Outcome.SEMANTIC, Outcome.SHADOW, Outcome.NEAR, Outcome.JUDGED)
    parts = [rows.filter(outcome__in=outcomes) for rows in _rows(period, chosen)]
    sums = [Sum("requests"), Sum("unpriced"), Sum("cost")]
    found = (rows.values_list("level", "outcome", "currency").annotate(*sums) for rows in parts)
    return [LookupSum(*row) for row in chain.from_iterable(found)]


def _level_and_client(filters: Filters) -> dict[str, str]:
    return {name: value for name in ("level", "client") if (value := getattr(filters, name))}


def known(dimension: str) -> list[str]:
    """Return all values of a dimension (`provider`, `client` …) in the ledger."""
    parts = summing.rows(summing.BEGINNING, timezone.now(), {})
    found = chain.from_iterable(rows.values_list(dimension, flat=True).distinct() for rows in parts)
    return sorted({value for value in found if value})


def semantic_hits(period: Period, filters: Filters = EVERYTHING) -> QuerySet[Call]:
    """Return the semantic hits: first those to review, the least certain first, those in the same words last.

    Includes those of shadow mode, and no more than the latest MAX_MATCHES.
    """
    to_review = ~Q(match="") & ~Exists(Judgement.objects.filter(match=OuterRef("match")))
    hits = _all_semantic_hits(period, filters)
    return hits.annotate(to_review=to_review).order_by("-to_review", "probability", "-created", "-pk")


def same_wording_hits(period: Period, filters: Filters = EVERYTHING) -> int:
    return _all_semantic_hits(period, filters).filter(probability__gte=SAME_WORDING).count()


def _all_semantic_hits(period: Period, filters: Filters) -> QuerySet[Call]:
    latest = latest_matches((Outcome.SEMANTIC, Outcome.SHADOW), period.start, period.end)
    return latest.filter(**filters.conditions())


def latest_matches(outcomes: Sequence[str], start: datetime, end: datetime) -> QuerySet[Call]:
    """Return the latest calls with these results, at most about MAX_MATCHES of each: a month may have a million."""
    calls = Call.objects.filter(created__lt=end)
    for outcome in outcomes:
        # From an index alone, however many there are.
        one = calls.filter(outcome=outcome, created__gte=start).order_by("-created").values_list("created", flat=True)
        start = max([start, *one[MAX_MATCHES : MAX_MATCHES + 1]])
    return calls.filter(outcome__in=outcomes, created__gte=start)


def average_price(found: Iterable[LookupSum], outcome: Outcome) -> Decimal | None:
    """Return the average cost of this result in the display currency; None if none has a price."""
    priced = [row for row in found if row.outcome == outcome and row.is_priced]
    number = sum(row.requests - row.unpriced for row in priced)
    return sum((shown(row.cost, row.currency) for row in priced), Decimal(0)) / number if number > 0 else None


def average_chat_miss(client: str = "") -> Decimal | None:
    """Return the average cost of a chat miss in the last 30 days, of one client or of all; None without a price."""
    return average_price(lookups(Period.last(timedelta(days=30)), Filters(client=client)), Outcome.MISS)


def average_cost(provider: str, model: str) -> Money | None:
    """Return the average cost of a call to this model within the ledger's retention; None if unknown."""
    calls = Call.objects.filter(provider=provider, model=model, outcome__in=(Outcome.MISS, Outcome.BYPASS))
    known = calls.exclude(cost=None).values("currency").annotate(n=Count("pk"), spent=Sum("cost")).order_by("-n")
    row = known.first()
    return Money(row["spent"] / row["n"], row["currency"]).rounded() if row else None


def most_spoken(client: str, most: int) -> list[tuple[str, Call]]:
    """Return the texts that a client had spoken most often, each with its latest call; not those cut in the ledger."""
    calls = Call.objects.filter(client=client, cache_type="tts").exclude(key="").exclude(question="")
    times = Counter[str]()
    latest: dict[str, Call] = {}
    for call in _walked(calls.exclude(question__endswith="…")):
        times[call.key] += 1
        latest.setdefault(call.key, call)
    for key, hits in EntryHits.objects.filter(cache_type="tts").values_list("key").annotate(Sum("hits")):
        if key in latest:
            times[key] += hits
    return [(latest[key].question, latest[key]) for key, _ in times.most_common(most)]


def _walked(calls: QuerySet[Call]) -> Iterator[Call]:
    """Yield `calls`, the latest first, without holding all of them."""
    part = list(calls.order_by("-pk")[:WALKED])
    while part:
        yield from part
        part = list(calls.filter(pk__lt=part[-1].pk).order_by("-pk")[:WALKED])


def _rows(period: Period, filters: Filters, *, hours: bool = False) -> list[QuerySet[Any]]:
    """Return the rows by minute of a short period, else those of summing.rows."""
    if period.by_minute:
        minutes = MinuteUsage.objects.filter(minute__gte=period.first, minute__lt=period.end, **filters.conditions())
        return [minutes.order_by()]
    return summing.rows(period.first, period.end, filters.conditions(), hours=hours)


def _summed(parts: Sequence[QuerySet[Any]], *by: str, columns: Sequence[str] = TOTALS) -> Iterator[dict[str, Any]]:
    """Return one row per combination of `by`, result and currency in each part."""
    special = {"tokens": lambda: Sum(_TOKENS), "list_nanos": list_prices.summed_nanos}
    # Named apart from the fields that they sum up.
    sums = {f"sum_{name}": special[name]() if name in special else Sum(name) for name in columns}
    names = (*by, "outcome", "currency", *columns)
    for rows in parts:
        for values in rows.values_list(*by, "outcome", "currency").annotate(**sums):
            yield dict(zip(names, values, strict=True))


def _by_savings(found: Mapping[tuple[str, ...], Figures]) -> Groups:
    return sorted(found.items(), key=lambda group: (group[1].saved, group[1].list_saved, group[1].total), reverse=True)
