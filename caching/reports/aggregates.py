"""Periods, filters and totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from caching.fields import PLACES
from caching.models import HITS, REQUESTS, Outcome
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.money import Money, total

# Longer periods are grouped by day.
HOURLY_UP_TO = timedelta(hours=48)


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
        """The preceding period of the same length; they share no full hour."""
        start = full_hour(self.start)
        return Period(start - (self.end - start), start)

    @property
    def is_hourly(self) -> bool:
        return self.end - self.start <= HOURLY_UP_TO

    def steps(self) -> Iterator[datetime]:
        """Start of each hour or day of the period."""
        step = timedelta(hours=1) if self.is_hourly else timedelta(days=1)
        moment = full_hour(self.start) if self.is_hourly else full_hour(self.start).replace(hour=0)
        while moment < self.end:
            yield moment
            moment += step


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on requests; empty values match everything."""

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
    # By result. Those not in REQUESTS are activities of the cache itself.
    requests: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome.values, 0))
    spent: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)
    # Part of the cost caused by the cache itself.
    overhead: Decimal = Decimal(0)
    # At list prices: of local providers and of sample data. Part of no other amount.
    list_spent: Decimal = Decimal(0)
    list_saved: Decimal = Decimal(0)
    # Those of sample data, which are in the counts above; and its part of the amounts at list prices.
    sample_requests: int = 0
    sample_amounts: Decimal = Decimal(0)
    # Requests with unknown cost or savings, excluded from the amounts.
    unpriced: int = 0
    tokens_billed: int = 0
    tokens_served: int = 0
    characters_billed: int = 0
    characters_served: int = 0
    hit_seconds: float = 0.0
    miss_seconds: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.requests[outcome] for outcome in REQUESTS)

    @property
    def hits(self) -> int:
        return sum(self.requests[outcome] for outcome in HITS)

    @property
    def hit_rate(self) -> float | None:
        """Hits among looked-up requests; None if there are none."""
        looked_up = self.hits + self.requests[Outcome.MISS]
        return self.hits / looked_up if looked_up else None

    @property
    def at_list_prices(self) -> bool:
        """True if nothing was really spent or saved, but would have been at a hosted provider."""
        return not (self.spent or self.saved) and bool(self.list_spent or self.list_saved)

    @property
    def mark(self) -> str:
        """Words that mark the amounts at list prices wherever they are shown."""
        if not self.sample_amounts:
            return "demo prices"
        is_all = self.sample_amounts == self.list_spent + self.list_saved
        return "sample data" if is_all else "sample data and demo prices"

    @property
    def average_hit_seconds(self) -> float | None:
        return self.hit_seconds / self.hits if self.hits else None

    @property
    def average_miss_seconds(self) -> float | None:
        misses = self.requests[Outcome.MISS]
        return self.miss_seconds / misses if misses else None

    def add(self, row: dict[str, Any]) -> None:
        """Add `row`: totals of one result in one currency."""
        outcome, is_hit = row["outcome"], row["outcome"] in HITS
        self.requests[outcome] += row["requests"]
        self.unpriced += row["unpriced"]
        self.spent += shown(row["cost"], row["currency"])
        self.saved += shown(row["saved"], row["currency"])
        self.overhead += shown(row["overhead"], row["currency"])
        self._add_list_prices(row, is_hit)
        if is_hit:
            self.tokens_served += row["tokens"]
            self.characters_served += row["characters"]
            self.hit_seconds += row["seconds"]
        else:
            self.tokens_billed += row["tokens"]
            self.characters_billed += row["characters"]
            self.miss_seconds += row["seconds"] if outcome == Outcome.MISS else 0.0

    def _add_list_prices(self, row: dict[str, Any], is_hit: bool) -> None:
        is_sample = row["currency"] == SAMPLE_CURRENCY
        self.sample_requests += row["requests"] if is_sample else 0
        worth = Decimal(row["list_nanos"] or 0).scaleb(-PLACES)
        amount = shown((row["saved"] if is_hit else row["cost"]) if is_sample else worth, "USD")
        self.sample_amounts += amount if is_sample else 0
        if is_hit:
            self.list_saved += amount
        else:
            self.list_spent += amount


def together(parts: Iterable[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        for item in fields(part):
            if item.name != "requests":
                setattr(whole, item.name, getattr(whole, item.name) + getattr(part, item.name))
        whole.requests = {outcome: n + part.requests[outcome] for outcome, n in whole.requests.items()}
    return whole


@dataclass(frozen=True, slots=True)
class Latency:
    """Requests per bucket of HourlyUsage.BUCKETS_MS; the last count is the rest."""

    counts: tuple[int, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(count / max(1, sum(self.counts)) for count in self.counts)


@dataclass(frozen=True, slots=True)
class TopQuestion:
    key: str
    cache_type: str
    question: str
    hits: int
    saved: Decimal
    is_sample: bool = False


def change(now: Decimal | float, before: Decimal | float) -> float | None:
    """Relative growth; None if there was nothing before."""
    return float(now) / float(before) - 1 if before else None


def shown(amount: Decimal, currency: str) -> Decimal:
    """Convert to the display currency."""
    if not amount or currency == settings.DISPLAY_CURRENCY:
        return amount
    return total([Money(amount, currency)], settings.DISPLAY_CURRENCY)


def full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
