"""Retention of the ledger: single calls are deleted, hourly sums stay.

Of reviews that found an answer wrong only the text is deleted: forgotten, the answer would be served again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from caching.models import Call, EntryHits, ErrorCount, Judgement, Verdict

# Rows deleted in one transaction: a short lock, so that requests can write in between.
BATCH = 5_000


def count(moment: datetime) -> tuple[int, int]:
    """Return how many calls and rows of hits are older than `moment`."""
    calls, entries = _old(moment)
    return calls.count(), entries.count()


def prune(moment: datetime) -> tuple[int, int]:
    """Delete what `count` counts. Return how many there were."""
    calls, entries = _old(moment)
    judged = Judgement.objects.filter(created__lt=moment).order_by()
    _delete(judged.filter(verdict=Verdict.RIGHT))
    judged.exclude(question="", matched="", comment="").update(question="", matched="", comment="")
    _delete(ErrorCount.objects.filter(minute__lt=moment))
    return _delete(calls), _delete(entries)


def _old(moment: datetime) -> tuple[models.QuerySet[Call], models.QuerySet[EntryHits]]:
    return Call.objects.filter(created__lt=moment).order_by(), EntryHits.objects.filter(day__lt=moment.date())


def _delete(rows: models.QuerySet[Any]) -> int:
    removed = 0
    while found := list(rows.values_list("pk", flat=True)[:BATCH]):
        removed += rows.model.objects.filter(pk__in=found).delete()[0]
    return removed
