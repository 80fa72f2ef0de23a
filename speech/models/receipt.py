from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from speech.models.client import Client


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def fresh(self) -> ReceiptQuerySet:
        return self.filter(created__gte=timezone.now() - Receipt.KEPT_FOR)

    def prune(self) -> int:
        """Delete expired receipts. Return their number."""
        return self.filter(created__lt=timezone.now() - Receipt.KEPT_FOR).delete()[0]


class Receipt(models.Model):
    """Receipt of a voice turn, in the database so that every worker has it, also without Redis."""

    KEPT_FOR = timedelta(minutes=10)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE)
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    body = models.JSONField()

    objects = ReceiptQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)
