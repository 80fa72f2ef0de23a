"""The single place where a verdict takes effect, from staff, clients or the model."""

from __future__ import annotations

from dataclasses import dataclass

from caching import metrics
from caching.feedback import scopes, sync, thresholds
from caching.ledger.rows import shortened
from caching.models import MAX_COMMENT, Judge, Judgement, Verdict
from caching.redis import store
from caching.semantic.cache import forget_answers


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a stored answer, as its reviewer knows it."""

    # Id of this use.
    match: str
    # Key of the answer.
    key: str
    # Empty for the answer's own question.
    pair: str = ""
    level: str = ""
    client: str = ""
    question: str = ""
    matched: str = ""
    probability: float | None = None
    # Where the pair stands in the evidence of its scope; None where no threshold decided, or nobody knows.
    scope: str = ""
    place: int | None = None
    # False for near misses and in shadow mode.
    given: bool = True


def give(use: Use, judge: Judge, verdict: Verdict, comment: str = "") -> int:
    """Apply a verdict in all workers. Return the number of deleted entries.

    A wrong answer that was served is deleted, and its pair of questions never matches again. Repeating the latest
    verdict of a reviewer changes nothing.
    """
    removed = _remove(use.key) if verdict == Verdict.WRONG and use.given else 0
    _withdraw_earlier(use.match, judge, verdict)
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
            "comment": shortened(comment, MAX_COMMENT - 1),
        },
    )
    if is_new:
        metrics.JUDGEMENTS.labels(use.level, judge, verdict).inc()
        sync.apply(use.pair, judge, verdict)
        if judge == Judge.MODEL:
            thresholds.adjust(use.level)
        if use.scope and use.place is not None:
            wrong = verdict == Verdict.WRONG
            scopes.learn(use.scope, use.place, wrong=wrong, client=use.client, question=use.question)
        sync.announce()
    return removed


def _withdraw_earlier(match: str, judge: Judge, verdict: Verdict) -> None:
    """Delete the same verdict if the reviewer has since given the other one: the newest row is in force."""
    latest = Judgement.objects.filter(judge=judge).latest_of(match)
    if latest and latest.verdict != verdict:
        Judgement.objects.filter(match=match, judge=judge, verdict=verdict).delete()


def _remove(key: str) -> int:
    forget_answers([key])
    return store.delete([key])
