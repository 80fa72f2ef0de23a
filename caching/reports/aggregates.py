"""Filters and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from django.conf import settings

from caching.fields import PLACES
from caching.models import HITS, REQUESTS, Outcome, UsageTotals
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.pricing.money import Money, total


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on requests; empty values match everything."""

    cache_type: str = ""
    level: str = ""
    provider: str = ""
    client: str = ""
    model: str = ""

    def conditions(self) -> dict[str, str]:
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}


EVERYTHING = Filters()
# Taken for the end of the last bucket, which has none.
LONGEST_MS = 30_000
_NO_REQUESTS: dict[str, int] = dict.fromkeys(Outcome.values, 0)


# Of each of these groups of columns a query reads all or none.
MONEY_COLUMNS = ("cost", "saved", "list_nanos")
UNIT_COLUMNS = ("unpriced", "overhead", "tokens", "characters")
BUCKETS: tuple[str, ...] = UsageTotals.BUCKETS


@dataclass(slots=True)
class Figures:
    """Totals; 0, or empty, where a query did not read it."""

    # By result. Those not in REQUESTS are activities of the cache itself.
    requests: dict[str, int] = field(default_factory=_NO_REQUESTS.copy)
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
    # By bucket.
    hit_times: Counter[str] = field(default_factory=Counter)
    miss_times: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.requests[outcome] for outcome in REQUESTS)

    @property
    def hits(self) -> int:
        return sum(self.requests[outcome] for outcome in HITS)

    @property
    def looked_up(self) -> int:
        return self.hits + self.requests[Outcome.MISS]

    @property
    def hit_rate(self) -> float | None:
        """Hits among looked-up requests; None if there are none."""
        return self.hits / self.looked_up if self.looked_up else None

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

    @property
    def error_rate(self) -> float | None:
        return self.requests[Outcome.ERROR] / self.total if self.total else None

    @property
    def times_faster(self) -> float | None:
        """Median time of a miss in those of a hit; None if one of them is unknown."""
        hit, miss = percentile(self.hit_times, 0.5), percentile(self.miss_times, 0.5)
        return miss / hit if hit and miss else None

    @property
    def seconds_saved(self) -> float:
        """Time that hits would have taken longer as misses."""
        hit, miss = self.average_hit_seconds, self.average_miss_seconds
        return max(0.0, self.hits * (miss - hit)) if hit is not None and miss is not None else 0.0

    def add(self, row: Mapping[str, Any]) -> None:
        """Add `row`: totals of one result in one currency, with `requests` and those columns that were read."""
        outcome, is_hit = row["outcome"], row["outcome"] in HITS
        self.requests[outcome] += row["requests"]
        if row["currency"] == SAMPLE_CURRENCY:
            self.sample_requests += row["requests"]
        if MONEY_COLUMNS[0] in row:
            self._add_money(row, is_hit)
        if UNIT_COLUMNS[0] in row:
            self._add_units(row, is_hit)
        if is_hit:
            self.hit_seconds += row.get("seconds", 0.0)
        elif outcome == Outcome.MISS:
            self.miss_seconds += row.get("seconds", 0.0)
        if BUCKETS[0] in row and (is_hit or outcome == Outcome.MISS):
            times = self.hit_times if is_hit else self.miss_times
            for name in BUCKETS:
                if row[name]:
                    times[name] += row[name]

    def _add_money(self, row: Mapping[str, Any], is_hit: bool) -> None:
        currency, is_sample = row["currency"], row["currency"] == SAMPLE_CURRENCY
        self.spent += shown(row["cost"], currency)
        self.saved += shown(row["saved"], currency)
        worth = Decimal(row["list_nanos"] or 0).scaleb(-PLACES)
        amount = shown((row["saved"] if is_hit else row["cost"]) if is_sample else worth, "USD")
        self.sample_amounts += amount if is_sample else 0
        if is_hit:
            self.list_saved += amount
        else:
            self.list_spent += amount

    def _add_units(self, row: Mapping[str, Any], is_hit: bool) -> None:
        self.unpriced += row["unpriced"]
        self.overhead += shown(row["overhead"], row["currency"])
        if is_hit:
            self.tokens_served += row["tokens"]
            self.characters_served += row["characters"]
        else:
            self.tokens_billed += row["tokens"]
            self.characters_billed += row["characters"]


_COUNTS = ("requests", "hit_times", "miss_times")
_SUMS = [each.name for each in fields(Figures) if each.name not in _COUNTS]


def together(parts: Iterable[Figures]) -> Figures:
    whole = Figures()
    for part in parts:
        for name in _SUMS:
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        for name in _COUNTS:
            counts = getattr(whole, name)
            for key, number in getattr(part, name).items():
                counts[key] += number
    return whole


def percentile(times: Mapping[str, int], share: float) -> float | None:
    """Return the time in seconds that `share` of the requests took at most, interpolated within its bucket."""
    wanted, before, lower = share * sum(times.values()), 0, 0.0
    for name, most in zip(BUCKETS, (*UsageTotals.BUCKETS_MS, LONGEST_MS), strict=True):
        count = times.get(name, 0)
        if count and before + count >= wanted:
            return (lower + (most - lower) * (wanted - before) / count) / 1000
        before, lower = before + count, most
    return None


@dataclass(frozen=True, slots=True)
class TopQuestion:
    key: str
    cache_type: str
    question: str
    hits: int
    saved: Decimal
    is_sample: bool = False
    # Number of entries that answered it; `key` is one of them.
    entries: int = 1


def change(now: Decimal | float, before: Decimal | float) -> float | None:
    """Relative growth; None if there was nothing before."""
    return float(now) / float(before) - 1 if before else None


def shown(amount: Decimal, currency: str) -> Decimal:
    """Convert to the display currency."""
    if not amount or currency == settings.DISPLAY_CURRENCY:
        return amount
    return total([Money(amount, currency)], settings.DISPLAY_CURRENCY)
