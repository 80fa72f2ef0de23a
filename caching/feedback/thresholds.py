"""Measured error rate of each level, and the threshold that follows it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from caching import metrics
from caching.ledger import summing
from caching.models import BarChange, Judge, Judgement, Outcome, Verdict
from caching.policy import LEVELS
from caching.semantic.scoring import threshold
from caching.semantic.scoring.model import packaged_model
from caching.semantic.scoring.threshold import BUDGETS, Evidence

logger = logging.getLogger(__name__)

_FROM_OTHERS = (Outcome.SEMANTIC, Outcome.SHADOW)


Counts = Mapping[str, Mapping[str, int]]


def measure(start: datetime | None = None, end: datetime | None = None, **conditions: str) -> dict[str, Evidence]:
    """Return, by level, the model's verdicts on its random sample.

    Reviews of clients and staff are excluded: they are no random sample. Questions are counted by full hours.
    `conditions`: `level`, `client`.
    """
    return evidence(_judged(start, end, conditions), _asked(start, end, conditions))


def evidence(judged: Counts, asked: Counts) -> dict[str, Evidence]:
    """Return the evidence of each level from its counts: `judged` and `wrong`, `answered` and `asked`."""
    return {
        level: Evidence(level, **judged.get(level, {}), **asked.get(level, {}))
        for level in LEVELS
        if level in judged or level in asked
    }


def steps() -> dict[str, int]:
    """Return the current step of each threshold that was ever changed."""
    newest = (BarChange.objects.filter(level=level).first() for level in BUDGETS)
    return {change.level: change.steps for change in newest if change}


def standing() -> dict[str, float]:
    moved, packaged = steps(), packaged_model().bars
    return {level: threshold.bar(packaged[level], moved.get(level, 0)) for level in BUDGETS}


def show() -> None:
    """Set the Prometheus gauges from the database."""
    for level in BUDGETS:
        last = BarChange.objects.filter(level=level).first()
        _show(_since(last, level), last.steps if last else 0)


def adjust(level: str) -> BarChange | None:
    """Change a level's threshold if the reviews since its last change require it. Return the change, or None."""
    if level not in BUDGETS:
        return None
    last = BarChange.objects.filter(level=level).first()
    evidence, stands = _since(last, level), last.steps if last else 0
    step = threshold.advise(evidence, stands)
    change = _move(evidence, stands + step, (last.number if last else 0) + 1) if step else None
    _show(evidence, change.steps if change else stands)
    return change


def _since(last: BarChange | None, level: str) -> Evidence:
    return measure(last.created if last else None, level=level).get(level, Evidence(level))


def _show(evidence: Evidence, steps: int) -> None:
    level = evidence.level
    least = threshold.bar(packaged_model().bars[level], steps)
    for gauge in (metrics.SEMANTIC_THRESHOLD, metrics.SEMANTIC_BAR):
        gauge.labels(level).set(least)
    if measured := evidence.per_question:
        metrics.SEMANTIC_ERROR.labels(level, "low").set(measured.low)
        metrics.SEMANTIC_ERROR.labels(level, "high").set(measured.high)


def _move(evidence: Evidence, steps: int, number: int) -> BarChange | None:
    bar = threshold.bar(packaged_model().bars[evidence.level], steps)
    change = BarChange(
        level=evidence.level,
        number=number,
        steps=steps,
        bar=bar,
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
    logger.warning("Threshold of %s is now %.1f %%: %s", evidence.level, 100 * bar, change.reason)
    return change


def _reason(evidence: Evidence) -> str:
    measured, budget = evidence.per_question, BUDGETS[evidence.level]
    if measured is None:
        return ""
    side = "above" if measured.low > budget else "below"
    return (
        f"{evidence.wrong} of {evidence.judged} reviewed answers were wrong: {100 * measured.low:.2f} to "
        f"{100 * measured.high:.2f} per 100 questions, entirely {side} the limit of {100 * budget:g}"
    )


def _judged(start: datetime | None, end: datetime | None, conditions: Mapping[str, str]) -> dict[str, dict[str, int]]:
    rows = Judgement.objects.filter(judge=Judge.MODEL, **_between("created", start, end), **conditions).order_by()
    wrong = Count("pk", filter=Q(verdict=Verdict.WRONG))
    found = rows.values("level").annotate(judged=Count("pk"), wrong=wrong)
    return {row["level"]: {"judged": row["judged"], "wrong": row["wrong"]} for row in found}


def _asked(start: datetime | None, end: datetime | None, conditions: Mapping[str, str]) -> dict[str, dict[str, int]]:
    # A question that would have been a hit in shadow mode is counted as a miss besides.
    looked_up = (Outcome.SEMANTIC, Outcome.MISS, Outcome.SHADOW)
    hour = (start or summing.BEGINNING).replace(minute=0, second=0, microsecond=0)
    counts: dict[str, dict[str, int]] = {}
    for rows in summing.rows(hour, end or timezone.now(), {"cache_type": "llm", **conditions}):
        found = rows.filter(outcome__in=looked_up).values("level").annotate(
            answered=Sum("requests", filter=Q(outcome__in=_FROM_OTHERS), default=0),
            asked=Sum("requests", filter=Q(outcome__in=(Outcome.SEMANTIC, Outcome.MISS)), default=0),
        )  # fmt: skip
        for row in found:
            level = counts.setdefault(row["level"], {"answered": 0, "asked": 0})
            for name in level:
                level[name] += row[name]
    return counts


def _between(field: str, start: datetime | None, end: datetime | None) -> dict[str, Any]:
    bounds = {f"{field}__gte": start, f"{field}__lt": end}
    return {name: moment for name, moment in bounds.items() if moment is not None}
