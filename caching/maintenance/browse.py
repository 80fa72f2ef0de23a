"""Browse the cache and inspect single entries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings
from django.db.models import Sum

from caching import keys, metrics
from caching.archive import audio as archive
from caching.maintenance import paging
from caching.maintenance.selection import Row, Selection, client_named
from caching.models import ArchivedAudio, Call, EntryHits, Outcome
from caching.pricing.money import Money
from caching.redis import scan, store
from caching.redis.scan import Stored
from caching.redis.serializers import Audio
from caching.reports import entry_hits
from caching.semantic.cache import forget_answers, tier
from caching.semantic.embedders.base import EmbeddingError
from caching.semantic.types import Candidate

# Questions of others that an entry answered, listed on its page.
MAX_ANSWERED = 10
MAX_SPOKEN = 10
Sort = Literal["", "hits", "saved", "expires"]


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    # Start of the next page; 0 on the last one.
    cursor: int
    # See paging.Found.
    looked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    row: Row
    audio: bytes | None
    # The original request, if it is still in the ledger.
    call: Call | None
    # By currency.
    saved: list[Money]
    archived: ArchivedAudio | None = None
    # Hits of each of the last days, oldest first.
    days: Sequence[entry_hits.Day] = ()
    # Other questions that it answered, latest first.
    answered: Sequence[Call] = ()

    @property
    def most_a_day(self) -> int:
        return max((day.hits for day in self.days), default=0)

    @property
    def cost(self) -> Money | None:
        known = self.call is not None and self.call.cost is not None
        return Money(self.call.cost, self.call.currency) if self.call and known else None


def browse(selection: Selection, text: str = "", cursor: int = 0, count: int = 50, sort: Sort = "") -> Page | None:
    """Return one page of the selected keys whose question contains `text`; None if Redis is disconnected.

    By hits or savings it is one page of the entries that the ledger counted most for in the last 30 days, by time to
    live one of those that expire first.

    The cost does not depend on the size of the database: a page ends after paging.PAGE_SECONDS with a cursor, and may
    be short or empty, or longer than `count`, as with SCAN.
    """
    if text:
        found = paging.with_text(selection, text, cursor, count)
    elif sort in entry_hits.SORTED:
        found = paging.by_figure(selection, sort)
    elif sort == "expires":
        found = paging.next_to_expire(selection)
    else:
        found = paging.scanned(selection, cursor, count)
    return None if found is None else Page(_sorted(_rows(found.stored), sort), found.cursor, found.looked_at)


def inspect(key: str) -> Detail | None:
    """Return everything about one key; None if it is missing or Redis is disconnected."""
    stored: list[Stored] | None = scan.describe([key]) if keys.kind_of(key) else None
    if not stored:
        return None
    audio = store.get(key, "audio") if stored[0].kind == keys.SPEECH else None
    saved = EntryHits.objects.filter(key=key).values_list("currency").annotate(Sum("saved"))
    return Detail(
        row=_rows(stored)[0],
        audio=audio.data if isinstance(audio, Audio) else None,
        call=Call.objects.filter(key=key, outcome__in=("miss", "bypass")).first(),
        saved=[Money(amount, currency) for currency, amount in saved if currency],
        days=entry_hits.by_day(key),
        answered=list(Call.objects.filter(key=key, outcome=Outcome.SEMANTIC)[:MAX_ANSWERED]),
        archived=ArchivedAudio.objects.current().filter(key=key).first() if settings.AUDIO_ARCHIVE else None,
    )


def spoken_forms(row: Row) -> list[Row]:
    """Return the audio of an answer and of its sentences, in their order, among what was spoken last."""
    answer = row.stored.fields.get("answer")
    return _rows(paging.spoken_forms(answer, MAX_SPOKEN)) if isinstance(answer, str) and answer else []


def described(names: Sequence[str]) -> list[Row]:
    """Return the entries that exist."""
    stored: list[Stored] = scan.describe([name for name in names if keys.kind_of(name)]) or []
    return _rows(stored)


def by_client(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the entries that exist, by the client that wrote them."""
    found: dict[str, list[str]] = {}
    for row in described(names):
        found.setdefault(row.made_by, []).append(row.stored.key)
    return found


def remove(names: Sequence[str]) -> int:
    """Delete entries, also from the semantic index. Return their number. Raises RedisFailed."""
    with store.must_succeed():
        names = [name for name in names if keys.kind_of(name)]
        answers = [name for name in names if keys.kind_of(name) == keys.EXACT]
        values = store.get_many([name for name in names if keys.kind_of(name) == keys.SEMANTIC])
        answers += [value["answer_key"] for value in values if value and "answer_key" in value]
        forget_answers(set(answers))
        # In the archive first: what is looked up meanwhile would come back from there.
        archive.discard(names)
        return store.delete(names)


def neighbours(row: Row) -> list[Candidate]:
    """Return the cached questions that compete with that of an entry, each with its decision."""
    scope, question = _scope_of(row.stored), row.stored.fields.get("question")
    return competitors(question, scope) if scope and isinstance(question, str) else []


def _scope_of(entry: Stored) -> str:
    """Return the scope in which an answer or a semantic entry is looked for, "" if it is not known."""
    if entry.kind == keys.SEMANTIC:
        scope = entry.fields.get("scope")
        return scope if isinstance(scope, str) else ""
    context = entry.fields.get("context")
    if entry.kind != keys.EXACT or not isinstance(context, str) or settings.SEMANTIC_MODE == "off":
        return ""
    client = client_named(entry.fields.get("by"))
    return keys.owned(client.private_scope, context)[:16] if client else ""


def competitors(question: str, scope: str) -> list[Candidate]:
    """Return the entries of other questions that compete for `question`, each with its decision."""
    try:
        found = tier().matcher.candidates(question, scope)
    except EmbeddingError:
        return []
    return [candidate for candidate in found if not candidate.same]


def semantic_index_sizes() -> dict[int, int] | None:
    """Return the number of indexed entries by process id; None if the semantic cache is off."""
    if settings.SEMANTIC_MODE == "off":
        return None
    return {pid: int(size) for pid, size in sorted(metrics.by_worker(metrics.INDEX_ENTRIES).items())}


def _rows(stored: Sequence[Stored]) -> list[Row]:
    counted = entry_hits.of([entry.key for entry in stored])
    return [Row(entry, *counted.get(entry.key, (0, Decimal(0)))) for entry in stored]


def _sorted(rows: list[Row], sort: Sort) -> list[Row]:
    if sort == "expires":
        return sorted(rows, key=lambda row: float("inf") if row.stored.ttl is None else row.stored.ttl)
    if sort in entry_hits.SORTED:
        return sorted(rows, key=lambda row: row.hits if sort == "hits" else row.saved, reverse=True)
    return rows


def pretty(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, indent=2)


def as_json(detail: Detail) -> dict[str, Any]:
    stored = detail.row.stored
    return {
        "key": stored.key,
        "kind": stored.kind,
        "bytes": stored.bytes,
        "ttl": stored.ttl,
        "age": detail.row.age,
        "level": detail.row.level,
        "made_by": detail.row.made_by,
        "hits": detail.row.hits,
        "cost": _plain(detail.cost),
        "saved": [_plain(money) for money in detail.saved],
        "audio_bytes": None if detail.audio is None else len(detail.audio),
        "value": stored.fields,
    }


def _plain(money: Money | None) -> dict[str, str] | None:
    return None if money is None else {"amount": f"{money.amount:f}", "currency": money.currency}
