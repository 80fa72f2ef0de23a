from __future__ import annotations

from typing import cast

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from caching import keys
from caching.models import EntryHits


def log_removal(request: HttpRequest, what: str, removed: int) -> None:
    """Record in the admin log which user deleted which entries. `what` must hold no text of a user."""
    LogEntry.objects.create(
        user_id=cast(int, request.user.pk),
        content_type=ContentType.objects.get_for_model(EntryHits),
        object_repr=what[:200],
        action_flag=DELETION,
        change_message=f"Deleted {removed} entries: {what}",
    )


def without_text(key: str) -> str:
    """Return the name of an entry with the readable part of a question as a hash."""
    if keys.kind_of(key) != keys.SEMANTIC:
        return key
    scope, _, text = key.removeprefix(f"{keys.SEMANTIC}:").partition(":")
    return f"{keys.SEMANTIC}:{scope}:#{keys.digest(text)[:16]}"
