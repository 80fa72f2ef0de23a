from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from speech.models.client import Client

TOKEN_CHARACTERS = 32


def token_of(id: str) -> str:
    """Return the short name of a response, which the ids of its items contain."""
    return hashlib.blake2s(id.encode(), digest_size=TOKEN_CHARACTERS // 2).hexdigest()


class StoredResponseQuerySet(models.QuerySet["StoredResponse"]):
    def of(self, client: Client, tokens: Iterable[str]) -> StoredResponseQuerySet:
        """Return the responses of `client` among `tokens` that have not expired."""
        return self.fresh(client).filter(token__in=list(tokens))

    def fresh(self, client: Client) -> StoredResponseQuerySet:
        return self.filter(client=client, expires__gt=timezone.now())

    def keep(self, client: Client, id: str, **fields: Any) -> None:
        """Store a response for RESPONSES_RETENTION_DAYS."""
        expires = timezone.now() + timedelta(days=settings.RESPONSES_RETENTION_DAYS)
        self.create(token=token_of(id), client=client, expires=expires, **fields)

    def prune(self) -> int:
        """Delete expired responses. Return their number."""
        return self.filter(expires__lte=timezone.now()).delete()[0]


class StoredResponse(models.Model):
    """An answer of `/v1/responses` that its client may retrieve, continue or delete."""

    token = models.CharField(primary_key=True, max_length=TOKEN_CHARACTERS, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE)
    expires = models.DateTimeField(db_index=True)
    body = models.JSONField()
    """The response as it was sent."""
    input = models.JSONField()
    """Its own input items, without instructions."""
    earlier = models.JSONField()
    """The items of the conversation before them."""
    upstream = models.JSONField(null=True)
    """Provider and its own id of the response, if the provider answered it as a response."""

    objects = StoredResponseQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.body["id"])

    @property
    def conversation(self) -> list[dict[str, Any]]:
        """The items that a response continuing this one starts with."""
        return [*self.earlier, *self.input, *self.body["output"]]
