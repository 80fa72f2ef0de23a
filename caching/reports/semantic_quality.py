"""Accuracy of the semantic cache: measured errors, reviews and threshold changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from caching.feedback import scopes, thresholds
from caching.models import BarChange, Judge, Outcome, ScopeThreshold, Verdict
from caching.reports import queries
from caching.reports.aggregates import Filters
from caching.reports.period import Period
from caching.semantic.scoring.threshold import Interval, LevelEvidence

CHANGES = SCOPES = 5
# Of the semantic hits; documented as a good value of SEMANTIC_VERIFY_SHARE.
SUGGESTED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class LevelRow:
    evidence: LevelEvidence
    # Current threshold; None at levels without semantic hits.
    threshold: float | None
    shadow_hits: int

    @property
    def hits(self) -> int:
        return self.evidence.answered - self.shadow_hits


@dataclass(frozen=True, slots=True)
class ScopeRow:
    scope: str
    client: str
    # The question that was reviewed last.
    example: str
    asked: int
    judged: int
    wrong: int
    # By level: the threshold of pairs that no rule explains; 1 serves none.
    thresholds: Mapping[str, float]

    @property
    def reason(self) -> str:
        return f"{self.wrong} of {self.judged} reviewed pairs wrong"


@dataclass(frozen=True, slots=True)
class Correctness:
    mode: str
    verify_share: float
    # What reviews of SUGGESTED_SHARE of the hits would cost a day; None if no price is known.
    review_cost: Decimal | None
    levels: Sequence[LevelRow]
    verdicts: Mapping[str, Mapping[str, int]]
    changes: Sequence[BarChange]
    scopes: Sequence[ScopeRow]

    @property
    def reviewed(self) -> Sequence[LevelRow]:
        """Levels of which a model reviewed some hits."""
        return [row for row in self.levels if row.evidence.judged]

    @property
    def is_measured(self) -> bool:
        said = sum(sum(counts.values()) for counts in self.verdicts.values())
        return bool(said or self.reviewed or self.changes or self.scopes)


def correctness(period: Period, filters: Filters) -> Correctness:
    """Return the accuracy of a period. Filters: level and client."""
    return correctness_of(period, queries.lookups(period, filters), queries.reviews(period, filters))


def correctness_of(
    period: Period, lookups: Sequence[queries.LookupSum], reviews: Sequence[queries.ReviewCount]
) -> Correctness:
    """Return the same from figures that were read before."""
    shadow, standing = _by_level(lookups, Outcome.SHADOW), thresholds.standing()
    measured = thresholds.evidence(reviews, ((row.level, row.outcome, row.requests) for row in lookups))
    return Correctness(
        mode=settings.SEMANTIC_MODE,
        verify_share=settings.SEMANTIC_VERIFY_SHARE,
        review_cost=_review_cost(period, lookups),
        levels=[LevelRow(each, standing.get(level), shadow[level]) for level, each in measured.items()],
        verdicts=verdicts(reviews),
        changes=list(BarChange.objects.all()[:CHANGES]),
        scopes=[_scope(row) for row in ScopeThreshold.objects.all()[:SCOPES]],
    )


def _by_level(lookups: Iterable[queries.LookupSum], outcome: Outcome) -> Counter[str]:
    found = Counter[str]()
    for row in lookups:
        if row.outcome == outcome:
            found[row.level] += row.requests
    return found


def verdicts(reviews: Iterable[queries.ReviewCount]) -> dict[str, dict[str, int]]:
    """Count "right" and "wrong" reviews by reviewer."""
    found = {judge: dict.fromkeys(Verdict.values, 0) for judge in Judge.values}
    for review in reviews:
        found[review.judge][review.verdict] += review.number
    return found


def _review_cost(period: Period, lookups: Sequence[queries.LookupSum]) -> Decimal | None:
    """Estimate from the price of the reviews so far, or else from that of a miss."""
    price = queries.average_price(lookups, Outcome.JUDGED)
    if price is None:
        price = queries.average_price(lookups, Outcome.MISS)
    hits = sum(_by_level(lookups, Outcome.SEMANTIC).values())
    return None if price is None else price * hits * Decimal(SUGGESTED_SHARE) / Decimal(max(period.days, 1 / 24))


def _scope(row: ScopeThreshold) -> ScopeRow:
    evidence = scopes.evidence_of(row)
    found = evidence.standing()
    wrong = sum(evidence.wrong)
    return ScopeRow(row.scope[:8], row.client, row.example, found.asked, found.judged, wrong, found.thresholds)


def as_json(found: Correctness) -> dict[str, Any]:
    return {
        "mode": found.mode,
        "verify_share": found.verify_share,
        "levels": {row.evidence.level: _level(row) for row in found.levels},
        "verdicts": found.verdicts,
        "bar_changes": [
            {"at": change.created.isoformat(timespec="seconds"), "level": change.level, "bar": round(change.bar, 4)}
            | {"reason": change.reason}
            for change in found.changes
        ],
        "scopes": [
            {"scope": row.scope, "client": row.client, "asked": row.asked, "reason": row.reason}
            | {"thresholds": dict(row.thresholds)}
            for row in found.scopes
        ],
    }


def as_text(found: dict[str, Any]) -> list[str]:
    """Format for `cache_stats`."""
    lines = [f"Semantic  {found['mode']}" + "".join(f"; {judge} {_said(said)}" for judge, said in _some(found))]
    for level, row in found["levels"].items():
        if row["shadow_hits"]:
            lines.append(f"  {level:20} shadow mode: would have answered {row['shadow_hits']:,} questions")
        if row["wrong_per_100_questions"]:
            low, high = row["wrong_per_100_questions"]
            lines.append(
                f"  {level:20} {row['wrong']} of {row['judged']} reviewed hits wrong: "
                f"{low:.2f} to {high:.2f} per 100 questions with 95 % confidence"
            )
    lines += [f"  {change['at']} {change['level']}: {change['reason']}" for change in found["bar_changes"]]
    for row in found["scopes"]:
        stand = ", ".join(f"{level} {100 * each:.1f} %" for level, each in row["thresholds"].items())
        lines.append(f"  {row['client']} {row['scope']}: threshold {stand}; {row['reason']}")
    return lines


def _level(row: LevelRow) -> dict[str, Any]:
    evidence = row.evidence
    return {
        "hits": row.hits,
        "shadow_hits": row.shadow_hits,
        "judged": evidence.judged,
        "wrong": evidence.wrong,
        "wrong_share_of_hits": _ends(evidence.per_hit, 1, 4),
        "wrong_per_100_questions": _ends(evidence.per_question, 100, 2),
        "budget_per_100_questions": evidence.limit and evidence.limit * 100,
        "bar": row.threshold and round(row.threshold, 4),
    }


def _ends(interval: Interval | None, factor: int, places: int) -> list[float] | None:
    return None if interval is None else [round(end * factor, places) for end in (interval.low, interval.high)]


def _some(found: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    return [(judge, said) for judge, said in found["verdicts"].items() if any(said.values())]


def _said(said: dict[str, int]) -> str:
    return ", ".join(f"{verdict} {count:,}" for verdict, count in said.items())
