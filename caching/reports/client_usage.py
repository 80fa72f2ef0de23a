"""Usage of one client in the last 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from caching.models import Call, Outcome
from caching.reports import leaders
from caching.reports.aggregates import shown

DAYS = 30
# Entries of all clients among which those of one are looked for: the ones with the most hits.
MAX_ENTRIES, LISTED = 500, 10


@dataclass(frozen=True, slots=True)
class TopEntry:
    key: str
    question: str
    hits: int
    # In settings.DISPLAY_CURRENCY.
    saved: Decimal


def top_entries(client: str) -> list[TopEntry]:
    """Return the entries with the most hits that this client made."""
    today = timezone.now().date()
    most = leaders.most_hits(today - timedelta(days=DAYS), today, MAX_ENTRIES)
    found = [TopEntry(each.key, each.question, each.hits, shown(each.saved, each.currency)) for each in most]
    made = Call.objects.filter(key__in=[entry.key for entry in found], client=client, outcome=Outcome.MISS)
    own = set(made.values_list("key", flat=True))
    return [entry for entry in found if entry.key in own][:LISTED]
