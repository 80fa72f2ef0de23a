"""Estimates of another threshold: answers that it would reuse, money, and wrong ones among them.

From the semantic matches of the last days, served or not, and from the reviews of such matches. Each range of
probabilities counts by its matches, not by its reviews.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, Count, IntegerField, When

from caching.feedback import thresholds
from caching.models import Judgement, Outcome, Verdict
from caching.reports.period import Period
from caching.reports.queries import MAX_MATCHES, SAME_WORDING, LookupSum, average_price, latest_matches
from caching.semantic.scoring.threshold import ERROR_LIMITS, Interval, wilson

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
# An estimate is a guess if more than this share of the reused answers lies in ranges without reviews.
MAX_UNREVIEWED = 0.1
MATCHES = (Outcome.SEMANTIC, Outcome.SHADOW, Outcome.NEAR)
# Position of the highest threshold that a probability reaches; None below all, and if it is certain.
_RANGE = Case(
    When(probability__gte=SAME_WORDING, then=None),
    *(When(probability__gte=least, then=at) for at, least in reversed(list(enumerate(THRESHOLDS)))),
    output_field=IntegerField(),
)


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


def what_if(period: Period, lookups: Sequence[LookupSum]) -> list[WhatIf]:
    """Return the estimates of each level that serves by probability and had any match.

    `lookups`: those of the whole period.
    """
    days = _days(period, lookups)
    _count_matches(period, days)
    _count_reviews(period, days)
    standing = thresholds.standing()
    return [
        WhatIf(level, standing[level], ERROR_LIMITS[level], _estimates(days[level]))
        for level in ERROR_LIMITS
        if level in days and any(each.matches for each in days[level].ranges)
    ]


def _days(period: Period, lookups: Sequence[LookupSum]) -> dict[str, _Day]:
    found: dict[str, _Day] = defaultdict(_Day)
    for row in lookups:
        found[row.level].matched += row.requests if row.outcome in MATCHES else 0
        if row.outcome in (Outcome.MISS, Outcome.SEMANTIC):
            found[row.level].asked += row.requests / period.days
    for level, day in found.items():
        day.price = average_price([row for row in lookups if row.level == level], Outcome.MISS)
    return found


def _count_matches(period: Period, days: Mapping[str, _Day]) -> None:
    """Count the latest matches, and scale them to all of the period, a day."""
    calls = latest_matches(MATCHES, period.start, period.end)
    counted: dict[str, Counter[int | None]] = defaultdict(Counter)
    for level, at, number in calls.order_by().values_list("level", _RANGE).annotate(Count("pk")):
        counted[level][at] += number
    for level, counts in counted.items():
        if level in days:
            factor = max(1.0, days[level].matched / counts.total()) / period.days
            for at, number in counts.items():
                if at is not None:
                    days[level].ranges[at].matches = number * factor


def _count_reviews(period: Period, days: Mapping[str, _Day]) -> None:
    """Count the latest verdict on each match."""
    found = Judgement.objects.filter(created__gte=period.start, created__lt=period.end)
    rows = found.exclude(probability=None).order_by("-pk")
    seen = set()
    for match, level, at, verdict in rows.values_list("match", "level", _RANGE, "verdict")[:MAX_MATCHES]:
        if match not in seen and at is not None and level in days:
            seen.add(match)
            days[level].ranges[at].reviews += 1
            days[level].ranges[at].wrong += verdict == Verdict.WRONG


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
