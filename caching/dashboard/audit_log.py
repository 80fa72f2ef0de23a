"""Records of staff's actions in Django's admin log, without any text of a client."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils import timezone

from caching.models import AuditEntry, EntryHits
from caching.models.audit import AuditAction

# The same user who sees the same page again within this time is not recorded again.
VIEWED_AGAIN = timedelta(minutes=10)
# At most so many of a user's last rows are searched: the log has no index of users and times.
LATEST = 200


def record(request: HttpRequest, action: AuditAction, what: str, message: str, client: str = "") -> None:
    """Record an action on entries or texts of `client`. `what` and `message` must hold no text of a user."""
    AuditEntry.objects.create(
        user_id=cast(int, request.user.pk),
        content_type=ContentType.objects.get_for_model(EntryHits),
        object_id=client,
        object_repr=what[:200],
        action_flag=action,
        change_message=message,
    )


def viewed(request: HttpRequest, what: str, client: str = "") -> None:
    """Record that a user may have read or heard texts, unless this was recorded within VIEWED_AGAIN."""
    own = AuditEntry.objects.filter(user_id=cast(int, request.user.pk)).order_by("-pk")
    latest = AuditEntry.objects.of_entries().filter(pk__in=own.values("pk")[:LATEST])
    recent = latest.filter(action_time__gte=timezone.now() - VIEWED_AGAIN)
    same = recent.filter(action_flag=AuditAction.VIEWED, object_id=client)
    if not same.filter(object_repr=what[:200]).exists():
        record(request, AuditAction.VIEWED, what, "", client)


def log_removal(request: HttpRequest, what: str, removed: int, client: str = "") -> None:
    record(request, AuditAction.DELETED, what, f"Deleted {removed} entries: {what}", client)
