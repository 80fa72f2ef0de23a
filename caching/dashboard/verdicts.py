"""Reviews of semantic hits by staff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from caching.feedback import undo, verdicts
from caching.models import Call, Judge, Judgement, Outcome, Verdict


def judge(hit: Call, verdict: Verdict) -> int:
    """Apply a verdict for all clients. Return the number of deleted entries, which `take_back` restores."""
    if verdict == Verdict.WRONG and hit.outcome == Outcome.SEMANTIC:
        undo.keep(hit.key, hit.match)
    return verdicts.give(_use(hit), Judge.STAFF, verdict)


def take_back(hit: Call) -> bool:
    """Restore the answer and review it as right; return False if it is too late."""
    restored = undo.restore(hit.match)
    if restored:
        verdicts.give(_use(hit), Judge.STAFF, Verdict.RIGHT)
    return restored


def is_restorable(hit: Call) -> bool:
    return bool(undo.kept([hit.match]))


def restorable() -> list[Call]:
    """Return the hits whose answers staff deleted lately."""
    since = timezone.now() - timedelta(seconds=undo.KEPT_SECONDS)
    wrong = Judgement.objects.filter(judge=Judge.STAFF, verdict=Verdict.WRONG, created__gte=since).order_by()
    return list(Call.objects.filter(match__in=undo.kept(wrong.exclude(match="").values_list("match", flat=True))))


def _use(hit: Call) -> verdicts.Use:
    return verdicts.Use(
        hit.match,
        hit.key,
        hit.pair,
        hit.level,
        hit.client,
        hit.question,
        hit.matched,
        hit.probability,
        given=hit.outcome == Outcome.SEMANTIC,
    )


def with_verdicts(hits: Iterable[Call]) -> list[tuple[Call, Judgement | None]]:
    """Pair each hit with its latest review."""
    found = list(hits)
    said = Judgement.objects.filter(match__in=[hit.match for hit in found]).order_by("pk")
    last = {judgement.match: judgement for judgement in said}
    return [(hit, last.get(hit.match)) for hit in found]
