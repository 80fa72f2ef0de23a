"""Reviews of semantic hits by staff."""

from __future__ import annotations

from collections.abc import Iterable

from caching.feedback import verdicts
from caching.models import Call, Judge, Judgement, Outcome, Verdict


def judge(hit: Call, verdict: Verdict) -> int:
    """Apply a verdict for all clients. Return the number of deleted entries."""
    use = verdicts.Use(
        hit.match,
        hit.key,
        hit.pair,
        hit.level,
        hit.client,
        hit.question,
        hit.matched,
        hit.probability,
        given=hit.outcome != Outcome.SHADOW,
    )
    return verdicts.give(use, Judge.STAFF, verdict)


def with_verdicts(hits: Iterable[Call]) -> list[tuple[Call, Judgement | None]]:
    """Pair each hit with its latest review."""
    found = list(hits)
    said = Judgement.objects.filter(match__in=[hit.match for hit in found]).order_by("pk")
    last = {judgement.match: judgement for judgement in said}
    return [(hit, last.get(hit.match)) for hit in found]
