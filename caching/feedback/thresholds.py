"""Measured error rate of each level, and the threshold that follows it."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from caching import metrics
from caching.ledger import summing
from caching.models import BarChange, Judge, Judgement, Outcome, Verdict
from caching.policy import LEVELS
from caching.semantic.scoring import threshold
from caching.semantic.scoring.model import packaged_model
from caching.semantic.scoring.threshold import ERROR_LIMITS, LevelEvidence

logger = logging.getLogger(__name__)

# A semantic hit, served or not. One in shadow mode is counted as a miss besides.
_ANSWERED = (Outcome.SEMANTIC, Outcome.SHADOW)
_ASKED = (Outcome.SEMANTIC, Outcome.MISS)


def measure(start: datetime | None = None, end: datetime | None = None, **conditions: str) -> dict[str, LevelEvidence]:
    """Return, by level, the model's verdicts on its random sample.

    Reviews of clients and staff are excluded: they are no random sample. Questions are counted by full hours.
    `conditions`: `level`, `client`.
    """
    return evidence(_reviews(start, end, conditions), _lookups(start, end, conditions))


def evidence(
    reviews: Iterable[tuple[str, str, str, int]], lookups: Iterable[tuple[str, str, int]]
) -> dict[str, LevelEvidence]:
    """Return the evidence of each level that has any.

    `reviews`: reviewer, verdict, level and number; those of a model count. `lookups`: level, result and number of
    requests; semantic hits and misses count.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for judge, verdict, level, number in reviews:
        if judge == Judge.MODEL:
            counts[level] += Counter(judged=number, wrong=number if verdict == Verdict.WRONG else 0)
    for level, outcome, number in lookups:
        if outcome in (*_ANSWERED, *_ASKED):
            counts[level]["answered"] += number if outcome in _ANSWERED else 0
            counts[level]["asked"] += number if outcome in _ASKED else 0
    return {level: LevelEvidence(level, **counts[level]) for level in LEVELS if level in counts}


def steps() -> dict[str, int]:
    """Return the current step of each threshold that was ever changed."""
    newest = (BarChange.objects.filter(level=level).first() for level in ERROR_LIMITS)
    return {change.level: change.steps for change in newest if change}


def standing() -> dict[str, float]:
    moved, packaged = steps(), packaged_model().thresholds
    return {level: threshold.moved(packaged[level], moved.get(level, 0)) for level in ERROR_LIMITS}


def show() -> None:
    """Set the Prometheus gauges from the database."""
    for level in ERROR_LIMITS:
        last = BarChange.objects.filter(level=level).first()
        _show(_since(last, level), last.steps if last else 0)


def adjust(level: str) -> BarChange | None:
    """Change a level's threshold if the reviews since its last change require it. Return the change, or None."""
    if level not in ERROR_LIMITS:
        return None
    last = BarChange.objects.filter(level=level).first()
    evidence, stands = _since(last, level), last.steps if last else 0
    step = threshold.advise(evidence, stands)
    change = _move(evidence, stands + step, (last.number if last else 0) + 1) if step else None
    _show(evidence, change.steps if change else stands)
    return change


def _since(last: BarChange | None, level: str) -> LevelEvidence:
    return measure(last.created if last else None, level=level).get(level, LevelEvidence(level))


def _show(evidence: LevelEvidence, steps: int) -> None:
    level = evidence.level
    least = threshold.moved(packaged_model().thresholds[level], steps)
    for gauge in (metrics.SEMANTIC_THRESHOLD, metrics.SEMANTIC_BAR):
        gauge.labels(level).set(least)
    if measured := evidence.per_question:
        metrics.SEMANTIC_ERROR.labels(level, "low").set(measured.low)
        metrics.SEMANTIC_ERROR.labels(level, "high").set(measured.high)


def _move(evidence: LevelEvidence, steps: int, number: int) -> BarChange | None:
    new = threshold.moved(packaged_model().thresholds[evidence.level], steps)
    change = BarChange(
        level=evidence.level,
        number=number,
        steps=steps,
        bar=new,
        judged=evidence.judged,
        wrong=evidence.wrong,
        reason=_reason(evidence),
    )
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError:
        # Another worker has just done it.
        return None
    logger.warning("Threshold of %s is now %.1f %%: %s", evidence.level, 100 * new, change.reason)
    return change


def _reason(evidence: LevelEvidence) -> str:
    measured, limit = evidence.per_question, evidence.limit
    if measured is None or limit is None:
        return ""
    side = "above" if evidence.is_above_limit else "below"
    return (
        f"{evidence.wrong} of {evidence.judged} reviewed answers were wrong: {100 * measured.low:.2f} to "
        f"{100 * measured.high:.2f} per 100 questions, entirely {side} the limit of {100 * limit:g}"
    )


def _reviews(
    start: datetime | None, end: datetime | None, conditions: Mapping[str, str]
) -> Iterable[tuple[str, str, str, int]]:
    rows = Judgement.objects.filter(judge=Judge.MODEL, **_between("created", start, end), **conditions)
    return rows.order_by().values_list("judge", "verdict", "level").annotate(Count("pk"))


def _lookups(
    start: datetime | None, end: datetime | None, conditions: Mapping[str, str]
) -> Iterator[tuple[str, str, int]]:
    hour = (start or summing.BEGINNING).replace(minute=0, second=0, microsecond=0)
    for rows in summing.rows(hour, end or timezone.now(), {"cache_type": "llm", **conditions}):
        found = rows.filter(outcome__in={*_ANSWERED, *_ASKED})
        yield from found.values_list("level", "outcome").annotate(Sum("requests"))


def _between(field: str, start: datetime | None, end: datetime | None) -> dict[str, Any]:
    bounds = {f"{field}__gte": start, f"{field}__lt": end}
    return {name: moment for name, moment in bounds.items() if moment is not None}
