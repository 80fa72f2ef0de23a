from __future__ import annotations

from typing import Self

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models

from caching.models.ledger import EntryHits


class AuditAction(models.IntegerChoices):
    """Actions of Django's log, and two of our own."""

    ADDED = 1
    CHANGED = 2
    DELETED = 3
    VIEWED = 4, "Viewed texts"
    REVIEWED = 5


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def of_entries(self) -> Self:
        """Actions on cache entries and other texts of clients. `object_id` is the name of the client."""
        return self.filter(content_type=ContentType.objects.get_for_model(EntryHits))

    def about(self, client: str) -> Self:
        """Actions on a client, its keys, entries and texts."""
        itself = ContentType.objects.get_for_model(apps.get_model(settings.CLIENT_MODEL))
        texts = ContentType.objects.get_for_model(EntryHits)
        return self.filter(
            models.Q(content_type=itself, object_repr=client[:200]) | models.Q(content_type=texts, object_id=client)
        )


class AuditEntry(LogEntry):
    """A row of Django's log of the admin: who did what, and when. It never holds a text of a client."""

    objects = AuditQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta:
        proxy = True
        default_permissions = ("view",)
        ordering = ["-action_time", "-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"

    @property
    def client_name(self) -> str:
        kind = self.content_type
        if kind is None:
            return ""
        if kind.model_class() is EntryHits:
            return self.object_id or ""
        return self.object_repr if kind.model_class() is apps.get_model(settings.CLIENT_MODEL) else ""
