"""What the ledger says about a period: the figures of the dashboard and of the commands.

Amounts are in settings.DISPLAY_CURRENCY. Rows are hourly, so a period begins at the full hour that it falls into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Avg, Case, Count, F, Max, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDay
from django.utils import timezone

from caching.models import HITS, Call, EntryHits, HourlyUsage, Outcome
from caching.money import Money, total

HOURLY_UP_TO = timedelta(hours=48)
"""Longer periods are shown by day."""
_BUCKETS = (*(f"under_{most}_ms" for most in HourlyUsage.BUCKETS_MS), "slower")
_SUMMED = ("requests", "unpriced", "cost", "saved", "overhead", "seconds", "characters", "audio_seconds")
_TOKENS = F("input_tokens") + F("cached_input_tokens") + F("output_tokens")


@dataclass(frozen=True, slots=True)
class Period:
    start: datetime
    end: datetime

    @classmethod
    def last(cls, duration: timedelta) -> Period:
        now = timezone.now()
        return cls(now - duration, now)

    @property
    def before(self) -> Period:
        """The period of the same length that this one follows."""
        return Period(self.start - (self.end - self.start), self.start)

    @property
    def is_hourly(self) -> bool:
        return self.end - self.start <= HOURLY_UP_TO

    def steps(self) -> Iterator[datetime]:
        """The moments at which each hour or day of the period begins."""
        step = timedelta(hours=1) if self.is_hourly else timedelta(days=1)
        moment = _full_hour(self.start) if self.is_hourly else _full_hour(self.start).replace(hour=0)
        while moment < self.end:
            yield moment
            moment += step


@dataclass(frozen=True, slots=True)
class Filters:
    """Only requests that agree in all of these; an empty one is no condition."""

    cache_type: str = ""
    level: str = ""
    provider: str = ""
    client: str = ""

    def conditions(self) -> dict[str, str]:
        names = ("cache_type", "level", "provider", "client")
        return {name: value for name in names if (value := getattr(self, name))}


EVERYTHING = Filters()


@dataclass(slots=True)
class Figures:
    """Some requests, added up."""

    requests: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome.values, 0))
    spent: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)
    overhead: Decimal = Decimal(0)
    """What of the spending was the cache's own."""
    unpriced: int = 0
    """Requests whose cost or saving is unknown, and in no amount here."""
    tokens_billed: int = 0
    tokens_served: int = 0
    characters_billed: int = 0
    characters_served: int = 0
    hit_seconds: float = 0.0
    miss_seconds: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.requests.values())

    @property
    def hits(self) -> int:
        return sum(self.requests[outcome] for outcome in HITS)

    @property
    def hit_rate(self) -> float | None:
        """Hits of all requests that were looked up; None when there were none."""
        looked_up = self.hits + self.requests[Outcome.MISS]
        return self.hits / looked_up if looked_up else None

    @property
    def average_hit_seconds(self) -> float | None:
        return self.hit_seconds / self.hits if self.hits else None

    @property
    def average_miss_seconds(self) -> float | None:
        misses = self.requests[Outcome.MISS]
        return self.miss_seconds / misses if misses else None

    def add(self, row: dict[str, Any]) -> None:
        """`row`: sums of one outcome in one currency."""
        outcome, is_hit = row["outcome"], row["outcome"] in HITS
        self.requests[outcome] += row["requests"]
        self.unpriced += row["unpriced"]
        self.spent += _shown(row["cost"], row["currency"])
        self.saved += _shown(row["saved"], row["currency"])
        self.overhead += _shown(row["overhead"], row["currency"])
        if is_hit:
            self.tokens_served += row["tokens"]
            self.characters_served += row["characters"]
            self.hit_seconds += row["seconds"]
        else:
            self.tokens_billed += row["tokens"]
            self.characters_billed += row["characters"]
            self.miss_seconds += row["seconds"] if outcome == Outcome.MISS else 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How many requests took less than each of HourlyUsage.BUCKETS_MS milliseconds; the last count is of the rest."""

    counts: tuple[int, ...]

    def percentile(self, share: float) -> float | None:
        """Milliseconds within which this share of the requests was answered; None when that is beyond all buckets."""
        wanted, seen = share * sum(self.counts), 0
        for most, count in zip(HourlyUsage.BUCKETS_MS, self.counts, strict=False):
            seen += count
            if seen and seen >= wanted:
                return float(most)
        return None


@dataclass(frozen=True, slots=True)
class TopQuestion:
    key: str
    cache_type: str
    question: str
    hits: int
    saved: Decimal


def summary(period: Period, filters: Filters = EVERYTHING) -> Figures:
    return _figures(_rows(period, filters)).get((), Figures())


def timeseries(period: Period, filters: Filters = EVERYTHING) -> list[tuple[datetime, Figures]]:
    """Figures of each hour (of each day beyond 48 hours), those without a request included."""
    rows = _rows(period, filters)
    rows = rows.annotate(moment=F("hour") if period.is_hourly else TruncDay("hour"))
    found = _figures(rows, "moment")
    return [(moment, found.get((moment,), Figures())) for moment in period.steps()]


def by_level(period: Period, filters: Filters = EVERYTHING) -> list[tuple[str, Figures]]:
    return _grouped(period, filters, "level")


def by_model(period: Period, filters: Filters = EVERYTHING) -> list[tuple[str, Figures]]:
    """Named `provider/model`."""
    return _grouped(period, filters, "provider", "model")


def latency(period: Period, filters: Filters = EVERYTHING) -> dict[str, Latency]:
    """Of "hits" and of "misses"."""
    kind = Case(When(outcome__in=HITS, then=Value("hits")), default=Value("misses"))
    rows = _rows(period, filters).filter(outcome__in=(*HITS, Outcome.MISS)).annotate(kind=kind)
    found = {row["kind"]: row for row in rows.values("kind").annotate(**{f"n_{name}": Sum(name) for name in _BUCKETS})}
    return {
        name: Latency(tuple(found[name][f"n_{bucket}"] if name in found else 0 for bucket in _BUCKETS))
        for name in ("hits", "misses")
    }


def top_questions(period: Period, filters: Filters = EVERYTHING, limit: int = 10) -> list[TopQuestion]:
    """The entries that saved most, by whole days. Of the filters only the cache type applies: entries are shared."""
    entries = EntryHits.objects.filter(day__gte=period.start.date(), day__lte=period.end.date())
    if filters.cache_type:
        entries = entries.filter(cache_type=filters.cache_type)
    sums = entries.values("key", "cache_type", "currency").annotate(n=Sum("hits"), won=Sum("saved"), q=Max("question"))
    # Each currency has its own leaders; the best of all are among them.
    leaders: list[TopQuestion] = []
    for currency in entries.values_list("currency", flat=True).distinct():
        best = sums.filter(currency=currency).order_by("-won", "-n")[:limit]
        leaders += [
            TopQuestion(row["key"], row["cache_type"], row["q"], row["n"], _shown(row["won"], currency)) for row in best
        ]
    return sorted(leaders, key=lambda entry: (entry.saved, entry.hits), reverse=True)[:limit]


def unpriced_models(period: Period) -> list[tuple[str, str, int]]:
    """Provider, model and number of requests without a known price, most first."""
    rows = _rows(period, Filters()).filter(unpriced__gt=0).values("provider", "model").annotate(n=Sum("unpriced"))
    return [(row["provider"], row["model"], row["n"]) for row in rows.order_by("-n")]


def recent_semantic_hits(limit: int = 20, filters: Filters = EVERYTHING) -> QuerySet[Call]:
    return Call.objects.filter(outcome=Outcome.SEMANTIC, **filters.conditions())[:limit]


def average_cost(provider: str, model: str) -> Money | None:
    """What a call to this model cost on average while the ledger kept them; None if it is not known."""
    calls = Call.objects.filter(provider=provider, model=model, outcome__in=(Outcome.MISS, Outcome.BYPASS))
    known = calls.exclude(cost=None).values("currency").annotate(n=Count("pk"), average=Avg("cost")).order_by("-n")
    row = known.first()
    return Money(row["average"], row["currency"]) if row else None


def _rows(period: Period, filters: Filters) -> QuerySet[HourlyUsage]:
    return HourlyUsage.objects.filter(
        hour__gte=_full_hour(period.start), hour__lt=period.end, **filters.conditions()
    ).order_by()


def _figures(rows: QuerySet[HourlyUsage], *by: str) -> dict[tuple[Any, ...], Figures]:
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in _SUMMED}
    found: dict[tuple[Any, ...], Figures] = {}
    for row in rows.values(*by, "outcome", "currency").annotate(**sums, sum_tokens=Sum(_TOKENS)):
        figures = found.setdefault(tuple(row[name] for name in by), Figures())
        figures.add({name.removeprefix("sum_"): value for name, value in row.items()})
    return found


def _grouped(period: Period, filters: Filters, *by: str) -> list[tuple[str, Figures]]:
    found = _figures(_rows(period, filters), *by)
    groups = [("/".join(names), figures) for names, figures in found.items()]
    return sorted(groups, key=lambda group: (group[1].saved, group[1].total), reverse=True)


def _shown(amount: Decimal, currency: str) -> Decimal:
    return total([Money(amount, currency)], settings.DISPLAY_CURRENCY) if amount else Decimal(0)


def _full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
