"""Semantic matches that nobody has reviewed, the riskiest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from caching.models import Call, Judgement, Outcome
from caching.reports.queries import SAME_WORDING, latest_matches

PERIOD = timedelta(days=30)
LISTED = 50
KINDS = {Outcome.SEMANTIC: "Served", Outcome.NEAR: "Near misses", Outcome.SHADOW: "Shadow mode"}


@dataclass(frozen=True, slots=True)
class Queue:
    hits: Sequence[Call]
    waiting: int
    # Of queries.MAX_MATCHES: those in the same words, which need no review.
    same_wording: int

    def after(self, hit: Call) -> Call | None:
        """Return the match behind `hit`, or the first one."""
        pks = [each.pk for each in self.hits]
        behind = pks.index(hit.pk) + 1 if hit.pk in pks else 0
        return self.hits[behind] if behind < len(pks) else None


def queue(kind: str = "", client: str = "") -> Queue:
    """Return the queue: served answers, the least certain first, then near misses, the most probable first."""
    now = timezone.now()
    matches = latest_matches(list(KINDS), now - PERIOD, now)
    if kind:
        matches = matches.filter(outcome=kind)
    if client:
        matches = matches.filter(client=client)
    reviewed = Exists(Judgement.objects.filter(match=OuterRef("match")))
    is_waiting = Q(~Q(match=""), ~reviewed, probability__lt=SAME_WORDING)
    order = Case(When(outcome=Outcome.NEAR, then=Value(2.0) - F("probability")), default=F("probability"))
    hits = matches.filter(is_waiting).annotate(order=order).order_by("order", "-created", "-pk")[:LISTED]
    same_wording = Count("pk", filter=Q(probability__gte=SAME_WORDING))
    counts = matches.aggregate(waiting=Count("pk", filter=is_waiting), same_wording=same_wording)
    return Queue(list(hits), **counts)
