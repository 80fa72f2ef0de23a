"""The one place where a verdict takes effect, whoever gives it: staff, a client, or a model."""

from __future__ import annotations

from dataclasses import dataclass

from caching import metrics
from caching.feedback import sync, thresholds
from caching.ledger.rows import shortened
from caching.models import MOST_COMMENT, Judge, Judgement, Verdict
from caching.redis import store
from caching.semantic.cache import forget_answers


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a stored answer, as far as it is known to who judges it."""

    match: str
    """Names it."""
    key: str
    """Of the answer."""
    pair: str = ""
    """Empty where the answer was made for this very question."""
    level: str = ""
    client: str = ""
    question: str = ""
    matched: str = ""
    probability: float | None = None
    given: bool = True
    """False: nobody got the answer, because it was a near miss or the tier ran in shadow mode."""


def give(use: Use, judge: Judge, verdict: Verdict, comment: str = "") -> int:
    """Let a verdict take effect in all workers. How many entries were removed.

    An answer that was given and wrong is removed, and its pair of questions is never matched again. The same verdict of
    the same judge is counted once, however often it is given.
    """
    removed = _remove(use.key) if verdict == Verdict.WRONG and use.given else 0
    _, is_new = Judgement.objects.get_or_create(
        match=use.match,
        judge=judge,
        verdict=verdict,
        defaults={
            "level": use.level,
            "client": use.client,
            "key": use.key,
            "pair": use.pair,
            "question": shortened(use.question),
            "matched": shortened(use.matched),
            "probability": use.probability,
            "comment": shortened(comment, MOST_COMMENT - 1),
        },
    )
    if is_new:
        metrics.JUDGEMENTS.labels(use.level, judge, verdict).inc()
        sync.hear(use.pair, judge, verdict)
        if judge == Judge.MODEL:
            thresholds.adjust(use.level)
        sync.announce()
    return removed


def _remove(key: str) -> int:
    forget_answers([key])
    return store.delete([key])
