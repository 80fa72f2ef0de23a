"""Usage of one client in the last 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Max, Sum
from django.utils import timezone

from caching.models import Call, EntryHits, Outcome
from caching.reports.aggregates import shown

DAYS = 30
# Entries of all clients among which those of one are looked for: the ones with the most hits.
MOST_ENTRIES, LISTED = 500, 10


@dataclass(frozen=True, slots=True)
class TopEntry:
    key: str
    question: str
    hits: int
    # In settings.DISPLAY_CURRENCY.
    saved: Decimal


def top_entries(client: str) -> list[TopEntry]:
    """Return the entries with the most hits that this client made."""
    since = timezone.now().date() - timedelta(days=DAYS)
    rows = EntryHits.objects.filter(day__gte=since).order_by().values("key", "currency")
    sums = rows.annotate(n=Sum("hits"), won=Sum("saved"), q=Max("question")).order_by("-n")[:MOST_ENTRIES]
    found = [TopEntry(row["key"], row["q"], row["n"], shown(row["won"], row["currency"])) for row in sums]
    made = Call.objects.filter(key__in=[entry.key for entry in found], client=client, outcome=Outcome.MISS)
    own = set(made.values_list("key", flat=True))
    return [entry for entry in found if entry.key in own][:LISTED]
