"""Pages of the list of entries, each found within a time that does not depend on their number."""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import StrIndex

from caching import keys
from caching.maintenance.selection import TTS_KINDS, Selection
from caching.models import Call
from caching.redis import scan
from caching.redis.scan import Stored
from caching.reports import entry_hits
from caching.semantic.text.normalize import normalize

# A page ends after this time, with what was found, and the next one begins there.
PAGE_SECONDS = 0.1
MAX_FOUND = 200
# Calls of the ledger that are searched at once, and keys of which the time to live is asked at once.
CALLS_STEP, TTL_STEP = 20_000, 1_000


class Found(NamedTuple):
    stored: list[Stored]
    # Start of the next page; 0 on the last one.
    cursor: int = 0
    # Of the order by time to live: keys that were looked at, if not all.
    looked_at: int | None = None


def scanned(selection: Selection, cursor: int, count: int) -> Found | None:
    """Return the selected entries as Redis has them; None if it is disconnected. The cursor is that of SCAN."""
    found: list[str] = []
    deadline = time.monotonic() + PAGE_SECONDS
    step_size = count
    while True:
        step = scan.scan(cursor, selection.pattern, step_size)
        if step is None:
            return None
        cursor, names = step
        found += selection.of(names)
        if not cursor or len(found) >= count or time.monotonic() > deadline:
            return _described(found, cursor)
        # Few match: look at more at once, up to what Redis does in about a millisecond.
        step_size = min(step_size * 2, 2 * scan.STEP)


def with_text(selection: Selection, text: str, cursor: int, count: int) -> Found | None:
    """Return the selected entries whose question contains `text`, those made last first."""
    if selection.kinds == (keys.SEMANTIC,):
        # The ledger does not know these entries, but their keys have the words.
        pattern = f"{keys.SEMANTIC}:*{_any_case(normalize(text))}*"
        return scanned(replace(selection, pattern=pattern), cursor, count)
    return _in_the_ledger(selection, Call.objects.filter(question__icontains=text), cursor, count)


def spoken_forms(answer: str, count: int) -> list[Stored]:
    """Return the audio of `answer` and of its sentences, among what was spoken last."""
    place = StrIndex(Value(answer), F("question"))
    spoken = Call.objects.exclude(question="").annotate(place=place).filter(place__gt=0)
    found = _in_the_ledger(Selection(kinds=TTS_KINDS), spoken, 0, count)
    stored = found.stored[:count] if found else []
    return sorted(stored, key=lambda entry: answer.find(entry.fields.get("text", "")))


def by_figure(selection: Selection, sort: str) -> Found | None:
    """Return, of the entries that the ledger counted most for, those that are selected."""
    names = selection.of(entry_hits.most(sort, MAX_FOUND))
    return _described([name for name in names if selection.pattern == "*" or fnmatchcase(name, selection.pattern)])


def next_to_expire(selection: Selection) -> Found | None:
    """Return the entries that expire first; of those that can be looked at in PAGE_SECONDS if there are too many."""
    deadline = time.monotonic() + PAGE_SECONDS
    soonest: list[tuple[int, str]] = []
    looked_at, cursor = 0, 0
    while True:
        step = scan.scan(cursor, selection.pattern, TTL_STEP)
        if step is None:
            return None
        cursor, found = step
        names = selection.of(found)
        looked_at += len(names)
        left = scan.ttls(names)
        if left is None:
            return None
        expiring = [(ttl, name) for ttl, name in zip(left, names, strict=True) if ttl >= 0]
        soonest = heapq.nsmallest(MAX_FOUND, [*soonest, *expiring])
        if not cursor or time.monotonic() > deadline:
            described = _described([name for _, name in soonest])
            return described and described._replace(looked_at=looked_at if cursor else None)


def _in_the_ledger(selection: Selection, calls: QuerySet[Call], cursor: int, count: int) -> Found | None:
    """Search `calls`, latest first. The cursor is the number of the last call that was looked at."""
    # Two queries: SQLite reads the whole table for both ends at once.
    first, last = (Call.objects.order_by(order).values_list("pk", flat=True).first() or 0 for order in ("pk", "-pk"))
    top = cursor or last + 1
    of_kind = reduce(or_, (Q(key__startswith=kind) for kind in selection.kinds))
    deadline = time.monotonic() + PAGE_SECONDS
    found: dict[str, Stored] = {}
    while top > first and len(found) < count:
        some = calls.filter(of_kind, pk__lt=top, pk__gte=top - CALLS_STEP).order_by("-pk")
        latest = list(some.values_list("pk", "key")[:MAX_FOUND])
        top = latest[-1][0] if len(latest) == MAX_FOUND else top - CALLS_STEP
        # One entry may have been made several times; a dict keeps the order.
        names = dict.fromkeys(key for _, key in latest)
        described: list[Stored] | None = scan.describe(selection.of(list(names))) if names else []
        if described is None:
            return None
        found |= {stored.key: stored for stored in described}
        if time.monotonic() > deadline:
            break
    return Found(list(found.values()), top if top > first else 0)


def _described(names: Sequence[str], cursor: int = 0) -> Found | None:
    stored: list[Stored] | None = scan.describe(names) if names else []
    return None if stored is None else Found(stored, cursor)


def _any_case(text: str) -> str:
    """Return a pattern that matches `text` in capital and small letters."""
    letters = ((letter.lower(), letter.upper()) for letter in text)
    return "".join(f"[{low}{high}]" if low != high else scan.escape(low) for low, high in letters)
