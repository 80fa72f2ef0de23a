"""Ledger queries for the dashboard and the commands.

Amounts are in settings.DISPLAY_CURRENCY. Rows are hourly, so a period starts at a full hour.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Max, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast, Substr

from caching.feedback import thresholds
from caching.models import HITS, Call, EntryHits, HourlyUsage, Judge, Judgement, Outcome, Verdict
from caching.pricing import list_prices
from caching.pricing.money import Money
from caching.reports.aggregates import (
    EVERYTHING,
    Figures,
    Filters,
    Latency,
    Period,
    TopQuestion,
    full_hour,
    shown,
    together,
)
from caching.semantic.scoring.threshold import Evidence

_SUMMED = ("requests", "unpriced", "cost", "saved", "overhead", "seconds", "characters")
Groups = list[tuple[str, Figures]]
_TOKENS = F("input_tokens") + F("cached_input_tokens") + F("output_tokens")


def summary(period: Period, filters: Filters = EVERYTHING) -> Figures:
    return _figures(_rows(period, filters)).get((), Figures())


def timeseries(period: Period, filters: Filters = EVERYTHING) -> list[tuple[datetime, Figures]]:
    """Return figures per hour (per day beyond 48 hours), including empty ones."""
    points = {moment: Figures() for moment in period.steps()}
    if period.is_hourly:
        for row in _summed(_rows(period, filters), "hour"):
            points[row["hour"]].add(row)
    else:
        # Not TruncDay: SQLite would call a Python function for every row. Both databases write the day first, in UTC.
        days = _rows(period, filters).annotate(day=Substr(Cast("hour", TextField()), 1, 10))
        for row in _summed(days, "day"):
            points[datetime.fromisoformat(row["day"]).replace(tzinfo=UTC)].add(row)
    return list(points.items())


def by_level_and_model(period: Period, filters: Filters = EVERYTHING) -> tuple[Groups, Groups]:
    """Return figures by level and by `provider/model`, highest savings first."""
    found = _figures(_rows(period, filters), "level", "provider", "model")
    levels, models = defaultdict[str, list[Figures]](list), defaultdict[str, list[Figures]](list)
    for (level, provider, model), figures in found.items():
        levels[level].append(figures)
        models[f"{provider}/{model}"].append(figures)
    return _together(levels), _together(models)


def latency(period: Period, filters: Filters = EVERYTHING) -> dict[str, Latency]:
    """Return the latencies of "hits" and "misses"."""
    kind = Case(When(outcome__in=HITS, then=Value("hits")), default=Value("misses"))
    rows = _rows(period, filters).filter(outcome__in=(*HITS, Outcome.MISS)).annotate(kind=kind)
    sums: dict[str, Any] = {f"n_{name}": Sum(name) for name in HourlyUsage.BUCKETS}
    found: dict[str, Any] = {row["kind"]: row for row in rows.values("kind").annotate(**sums)}
    return {
        name: Latency(tuple(found[name][f"n_{bucket}"] if name in found else 0 for bucket in HourlyUsage.BUCKETS))
        for name in ("hits", "misses")
    }


def top_questions(period: Period, filters: Filters = EVERYTHING, limit: int = 10) -> list[TopQuestion]:
    """Return the entries with the highest savings, by whole days. Only the filter of cache type applies."""
    entries = EntryHits.objects.filter(day__gte=period.start.date(), day__lte=period.end.date())
    if filters.cache_type:
        entries = entries.filter(cache_type=filters.cache_type)
    sums = entries.values("key", "cache_type", "currency").annotate(n=Sum("hits"), won=Sum("saved"), q=Max("question"))
    # Each currency has its own leaders; the best of all are among them.
    leaders: list[TopQuestion] = []
    for currency in entries.values_list("currency", flat=True).distinct():
        best = sums.filter(currency=currency).order_by("-won", "-n")[:limit]
        leaders += [
            TopQuestion(row["key"], row["cache_type"], row["q"], row["n"], *_worth(row["won"], currency))
            for row in best
        ]
    return sorted(leaders, key=lambda entry: (entry.saved, entry.hits), reverse=True)[:limit]


def _worth(saved: Decimal, currency: str) -> tuple[Decimal, bool]:
    """Return the savings of an entry, and whether they are those of sample data."""
    is_sample = currency == list_prices.SAMPLE_CURRENCY
    return shown(saved, "USD" if is_sample else currency), is_sample


def unpriced_models(period: Period) -> list[tuple[str, str, int]]:
    """Return provider, model and number of unpriced requests, most first."""
    rows = _rows(period, Filters()).filter(unpriced__gt=0).values("provider", "model").annotate(n=Sum("unpriced"))
    return [(row["provider"], row["model"], row["n"]) for row in rows.order_by("-n")]


def verdicts(period: Period, filters: Filters = EVERYTHING) -> dict[str, dict[str, int]]:
    """Count "right" and "wrong" reviews by reviewer. Filters: level and client."""
    rows = Judgement.objects.filter(created__gte=period.start, created__lt=period.end, **_judged_by(filters))
    found = {judge: dict.fromkeys(Verdict.values, 0) for judge in Judge.values}
    for judge, verdict, count in rows.order_by().values_list("judge", "verdict").annotate(Count("pk")):
        found[judge][verdict] = count
    return found


def measured(period: Period, filters: Filters = EVERYTHING) -> list[Evidence]:
    """Return the error rate of each level, from the model's random sample."""
    return list(thresholds.measure(period.start, period.end, **_judged_by(filters)).values())


def shadow_hits(period: Period, filters: Filters = EVERYTHING) -> dict[str, int]:
    """Count hits not served in shadow mode, by level. Filters: level and client."""
    rows = _rows(period, Filters(**_judged_by(filters))).filter(outcome=Outcome.SHADOW).values_list("level")
    return dict(rows.annotate(Sum("requests")))


def _judged_by(filters: Filters) -> dict[str, str]:
    return {name: value for name in ("level", "client") if (value := getattr(filters, name))}


def known(dimension: str) -> list[str]:
    """Return all values of a dimension (`provider`, `client` …) in the ledger."""
    values = HourlyUsage.objects.exclude(**{dimension: ""}).order_by(dimension)
    return list(values.values_list(dimension, flat=True).distinct())


def recent_semantic_hits(limit: int = 20, filters: Filters = EVERYTHING) -> QuerySet[Call]:
    """Return recent semantic hits, including those of shadow mode."""
    return Call.objects.filter(outcome__in=(Outcome.SEMANTIC, Outcome.SHADOW), **filters.conditions())[:limit]


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
    for call in calls.exclude(question__endswith="…").iterator():
        times[call.key] += 1
        latest.setdefault(call.key, call)
    for key, hits in EntryHits.objects.filter(cache_type="tts").values_list("key").annotate(Sum("hits")):
        if key in latest:
            times[key] += hits
    return [(latest[key].question, latest[key]) for key, _ in times.most_common(most)]


def _rows(period: Period, filters: Filters) -> QuerySet[HourlyUsage]:
    return HourlyUsage.objects.filter(
        hour__gte=full_hour(period.start), hour__lt=period.end, **filters.conditions()
    ).order_by()


def _figures(rows: QuerySet[HourlyUsage], *by: str) -> dict[tuple[Any, ...], Figures]:
    found: dict[tuple[Any, ...], Figures] = {}
    for row in _summed(rows, *by):
        found.setdefault(tuple(row[name] for name in by), Figures()).add(row)
    return found


def _summed(rows: QuerySet[HourlyUsage], *by: str) -> Iterator[dict[str, Any]]:
    """Return one row per combination of `by`, result and currency."""
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in _SUMMED}
    worth = list_prices.summed_nanos()
    for row in rows.values(*by, "outcome", "currency").annotate(**sums, sum_tokens=Sum(_TOKENS), sum_list_nanos=worth):
        yield {name.removeprefix("sum_"): value for name, value in row.items()}


def _together(parts: Mapping[str, Iterable[Figures]]) -> Groups:
    groups = ((name, together(figures)) for name, figures in parts.items())
    return sorted(groups, key=lambda group: (group[1].saved, group[1].list_saved, group[1].total), reverse=True)
