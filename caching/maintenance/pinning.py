"""Pin an entry: its answer becomes a curated one, which does not expire and which no flush deletes."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from caching import keys
from caching.llm.curated import SHARED
from caching.maintenance.selection import client_named
from caching.models import CuratedAnswer
from caching.models.curated import SEPARATOR, nfc
from caching.redis.scan import Stored


def may_be_pinned(entry: Stored) -> bool:
    """Return True for an answer in plain text to a question in plain text."""
    fields = entry.fields
    is_text = all(isinstance(fields.get(name), str) for name in ("question", "answer", "context", "content", "by"))
    return is_text and entry.kind == keys.EXACT and "choices" not in fields and SEPARATOR not in fields["question"]


def pinned_from(entry: Stored) -> CuratedAnswer | None:
    """Return the answer that is pinned for the question of an entry."""
    if not may_be_pinned(entry):
        return None
    wording = nfc(" ".join(entry.fields["question"].split()))
    pinned = CuratedAnswer.objects.filter(context=entry.fields["context"], client__in=(entry.fields["by"], SHARED))
    return next((answer for answer in pinned if wording in answer.each_wording), None)


def pin(entry: Stored) -> CuratedAnswer:
    """Store the answer of an entry for good, for its client or for all that share. Raises ValidationError."""
    if not may_be_pinned(entry):
        raise ValidationError("Only a plain text that answers a plain question can be pinned.")
    fields = entry.fields
    answer = CuratedAnswer(
        wordings=" ".join(fields["question"].split()),
        answer=fields["answer"],
        client=_owner(entry),
        context=fields["context"],
    )
    answer.full_clean()
    answer.save()
    return answer


def _owner(entry: Stored) -> str:
    """Return the client whose entry it is; SHARED if it is in the scope that clients share."""
    client = client_named(entry.fields["by"])
    if client is None:
        raise ValidationError("The client of this entry is gone.")
    own = keys.exact_key(client.private_scope, entry.fields["content"])
    return str(client.name) if own == entry.key else SHARED
