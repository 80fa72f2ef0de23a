"""Estimates of another threshold: answers that it would reuse, money, and wrong ones among them.

From the semantic matches of the last days, served or not, and from the reviews of such matches. Each range of
probabilities counts by its matches, not by its reviews.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from django.db.models import Sum
from django.utils import timezone

from caching.feedback import thresholds
from caching.ledger import summing
from caching.models import Call, Judgement, Outcome, Verdict
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.reports.aggregates import shown
from caching.reports.queries import SAME_WORDING
from caching.semantic.scoring.threshold import BUDGETS, Interval, wilson

PERIOD = timedelta(days=30)
# Of the matches and of the reviews, the latest so many are read.
LATEST = 10_000
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
# An estimate is a guess if more than this share of the reused answers lies in ranges without reviews.
MAX_UNREVIEWED = 0.1
MATCHES = (Outcome.SEMANTIC, Outcome.SHADOW, Outcome.NEAR)


@dataclass(frozen=True, slots=True)
class ThresholdEstimate:
    """Figures of one threshold, a day."""

    threshold: float
    reused: float
    # Share of the questions without an exact entry; None if there are none.
    share: float | None
    # In settings.DISPLAY_CURRENCY; None if no miss has a price.
    saved: Decimal | None
    reviews: int
    # Share of the reused answers; None without a review of such a match.
    wrong: Interval | None
    # Share of the reused answers in ranges of probability without a review.
    unreviewed: float

    @property
    def wrong_per_question(self) -> Interval | None:
        """Wrong answers per question, the unit of the limits of the levels."""
        return None if self.wrong is None or self.share is None else self.wrong.times(self.share)

    @property
    def is_guess(self) -> bool:
        return self.wrong is not None and self.unreviewed > MAX_UNREVIEWED


@dataclass(frozen=True, slots=True)
class WhatIf:
    level: str
    current: float
    limit: float
    estimates: Sequence[ThresholdEstimate]

    @property
    def nearest(self) -> int:
        """Position of the threshold that is nearest to the current one."""
        distances = [abs(each.threshold - self.current) for each in self.estimates]
        return distances.index(min(distances))


@dataclass(slots=True)
class _Range:
    matches: float = 0
    reviews: int = 0
    wrong: int = 0


@dataclass(slots=True)
class _Day:
    """Questions of a level a day, and the average price of a miss."""

    asked: float = 0
    matched: float = 0
    price: Decimal | None = None
    ranges: list[_Range] = field(default_factory=lambda: [_Range() for _ in THRESHOLDS])


def what_if(now: datetime | None = None) -> list[WhatIf]:
    """Return the estimates of each level that serves by probability and had any match."""
    since = (now or timezone.now()) - PERIOD
    days = _days(since)
    _count_matches(since, days)
    _count_reviews(since, days)
    standing = thresholds.standing()
    return [
        WhatIf(level, standing[level], BUDGETS[level], _estimates(days[level]))
        for level in BUDGETS
        if level in days and any(each.matches for each in days[level].ranges)
    ]


def _days(since: datetime) -> dict[str, _Day]:
    parts = summing.rows(since, timezone.now(), {"cache_type": "llm"})
    found: dict[str, _Day] = defaultdict(_Day)
    cost: dict[str, Decimal] = defaultdict(Decimal)
    priced: Counter[str] = Counter()
    figures = {"n": Sum("requests"), "unknown": Sum("unpriced"), "spent": Sum("cost")}
    matched = [rows.filter(outcome__in=(*MATCHES, Outcome.MISS)) for rows in parts]
    sums = [rows.values("level", "outcome", "currency").annotate(**figures) for rows in matched]
    for row in chain.from_iterable(sums):
        level, outcome = row["level"], row["outcome"]
        found[level].matched += 0 if outcome == Outcome.MISS else row["n"]
        if outcome in (Outcome.MISS, Outcome.SEMANTIC):
            found[level].asked += row["n"] / PERIOD.days
        if outcome == Outcome.MISS and row["currency"] not in ("", SAMPLE_CURRENCY):
            cost[level] += shown(row["spent"], row["currency"])
            priced[level] += row["n"] - row["unknown"]
    for level, number in priced.items():
        if number > 0:
            found[level].price = cost[level] / number
    return found


def _count_matches(since: datetime, days: Mapping[str, _Day]) -> None:
    """Count the latest matches, and scale them to all of the period, a day."""
    calls = Call.objects.filter(outcome__in=MATCHES, created__gte=since).order_by("-created")
    counted: dict[str, Counter[int]] = defaultdict(Counter)
    read: Counter[str] = Counter()
    for level, probability in calls.values_list("level", "probability")[:LATEST]:
        read[level] += 1
        if (at := _range_of(probability)) is not None:
            counted[level][at] += 1
    for level, counts in counted.items():
        if level in days:
            factor = max(1.0, days[level].matched / read[level]) / PERIOD.days
            for at, number in counts.items():
                days[level].ranges[at].matches = number * factor


def _count_reviews(since: datetime, days: Mapping[str, _Day]) -> None:
    """Count the latest verdict on each match."""
    rows = Judgement.objects.filter(created__gte=since).exclude(probability=None).order_by("-pk")
    seen = set()
    for match, level, probability, verdict in rows.values_list("match", "level", "probability", "verdict")[:LATEST]:
        at = _range_of(probability)
        if match not in seen and at is not None and level in days:
            seen.add(match)
            days[level].ranges[at].reviews += 1
            days[level].ranges[at].wrong += verdict == Verdict.WRONG


def _range_of(probability: float | None) -> int | None:
    """Return the position of the highest threshold that this probability reaches; None below all, or if certain."""
    if probability is None or not THRESHOLDS[0] <= probability < SAME_WORDING:
        return None
    return bisect_right(THRESHOLDS, probability) - 1


def _estimates(day: _Day) -> list[ThresholdEstimate]:
    return [_estimate(threshold, day, day.ranges[at:]) for at, threshold in enumerate(THRESHOLDS)]


def _estimate(threshold: float, day: _Day, ranges: Sequence[_Range]) -> ThresholdEstimate:
    reused = sum(each.matches for each in ranges)
    return ThresholdEstimate(
        threshold,
        reused,
        min(1.0, reused / day.asked) if day.asked else None,
        None if day.price is None else day.price * Decimal(reused),
        sum(each.reviews for each in ranges),
        _wrong(ranges),
        sum(each.matches for each in ranges if not each.reviews) / reused if reused else 0.0,
    )


def _wrong(ranges: Sequence[_Range]) -> Interval | None:
    """Return the share of wrong answers with 95 % confidence. A range without reviews counts like the average."""
    reviewed = [each for each in ranges if each.reviews and each.matches]
    reviews, matches = sum(each.reviews for each in reviewed), sum(each.matches for each in reviewed)
    if not reviews:
        return None
    expected = sum(each.matches * each.wrong / each.reviews for each in reviewed)
    return wilson(expected / matches * reviews, reviews)
