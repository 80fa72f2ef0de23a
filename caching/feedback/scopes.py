"""The evidence of each scope in the database, and the thresholds that follow from it in every process."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from caching.ledger.rows import shortened
from caching.models import ScopeThreshold
from caching.semantic.scoring.pair_verdicts import learned
from caching.semantic.scoring.scope_evidence import RUNGS, ScopeEvidence

# Read by each worker: those that were reviewed last.
MAX_SCOPES = 10_000
# Rows to read again, since the clocks of servers differ.
_OVERLAP = timedelta(minutes=1)


def evidence_of(row: ScopeThreshold) -> ScopeEvidence:
    """Return the counts of a row; of another version's rungs only the number of questions is of use."""
    if len(row.seen) != len(RUNGS) + 1:
        return ScopeEvidence(row.asked)
    return ScopeEvidence(row.asked, row.seen, row.judged, row.wrong)


def learn(scope: str, place: int, *, wrong: bool, client: str, question: str) -> None:
    """Add a review to the evidence of its scope, with the questions that this process counted since the last one."""
    asked, seen = learned.counts.take(scope)
    with transaction.atomic():
        row, _ = ScopeThreshold.objects.select_for_update().get_or_create(scope=scope)
        evidence = evidence_of(row)
        evidence.add(asked, seen)
        evidence.review(place, wrong=wrong)
        row.asked, row.seen, row.judged, row.wrong = evidence.asked, evidence.seen, evidence.judged, evidence.wrong
        row.client, row.example = client, shortened(question)
        row.save()
    learned.standings = {**learned.standings, scope: evidence.standing()}


def load(since: datetime | None) -> datetime | None:
    """Read the thresholds that changed. Return the time of the newest change."""
    rows = ScopeThreshold.objects.filter(updated__gte=since - _OVERLAP) if since else ScopeThreshold.objects.all()
    found = list(rows[:MAX_SCOPES])
    if not found:
        return since
    standings = {**learned.standings, **{row.scope: evidence_of(row).standing() for row in found}}
    learned.standings = dict(list(standings.items())[-MAX_SCOPES:])
    return found[0].updated
