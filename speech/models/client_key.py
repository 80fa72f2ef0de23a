from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.utils import timezone

from speech.models.client import Client

KEY_PREFIX = "sg_"
HINT_CHARACTERS = 8
# Keys that replace each other are called production, production (2), production (3).
_NUMBER = re.compile(r" \((\d{1,6})\)$")


def hash_key(key: str) -> str:
    """Hash an API key. It has 256 random bits, so a fast hash is safe."""
    return hashlib.sha256(key.encode()).hexdigest()


def _unnumbered(name: str) -> str:
    return _NUMBER.sub("", name)


class ClientKeyQuerySet(models.QuerySet["ClientKey"]):
    def issue(self, client: Client, name: str, expires: datetime | None = None) -> ClientKey:
        """Create a key; its attribute `secret` is the only place that ever has the key itself."""
        key = self.model(client=client, name=name, expires=expires)
        key.generate()
        key.save(force_insert=True)
        return key

    def active(self) -> Self:
        unexpired = models.Q(expires=None) | models.Q(expires__gt=timezone.now())
        return self.filter(unexpired, revoked=None, client__is_active=True)

    def with_hash(self, key_hash: str) -> ClientKey | None:
        """Return the active key with its client."""
        return self.with_hashes([key_hash]).get(key_hash)

    def with_hashes(self, hashes: Collection[str]) -> dict[str, ClientKey]:
        """Return the active keys with these hashes, by hash, with their clients."""
        keys = self.active().filter(key_hash__in=hashes).select_related("client").order_by()
        return {key.key_hash: key for key in keys}

    def used_last(self, count: int) -> list[ClientKey]:
        """Return the active keys that were used last, with their clients."""
        by_use = models.F("last_used").desc(nulls_last=True)
        return list(self.active().select_related("client").order_by(by_use, "-pk")[:count])

    @transaction.atomic
    def note_use(self, pks: Collection[int], moment: datetime) -> None:
        """Set `last_used`, unless another worker noted a later use."""
        earlier = self.filter(models.Q(last_used=None) | models.Q(last_used__lt=moment), pk__in=pks)
        # Locked in one order, so that two workers never deadlock.
        locked = earlier.order_by("pk").select_for_update()
        self.filter(pk__in=locked.values("pk")).update(last_used=moment)

    @transaction.atomic
    def revoke(self) -> int:
        """Revoke keys. Return the number of those that were not revoked before."""
        revoked = list(self.filter(revoked=None).values_list("key_hash", flat=True))
        Client.objects.filter(key_hash__in=revoked).update(key_hash=None)
        return self.filter(key_hash__in=revoked).update(revoked=timezone.now())


class ClientKey(models.Model):
    """An API key of a client. A client may have several, so that one can replace another while both work."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, help_text="Where it is used, such as production or laptop.")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_hint = models.CharField("begins with", max_length=HINT_CHARACTERS, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)
    last_used = models.DateTimeField(null=True, editable=False, help_text="To within a minute.")
    expires = models.DateTimeField(null=True, blank=True, help_text="The key stops at this moment (UTC). Empty: never.")
    revoked = models.DateTimeField(null=True, editable=False)

    objects = ClientKeyQuerySet.as_manager()

    secret = ""
    """The key itself, on the object that was just issued."""

    class Meta:
        ordering = ["-created", "-pk"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.client} / {self.name}"

    def generate(self) -> None:
        """Make this the row of a new key, which the caller saves."""
        self.secret = KEY_PREFIX + secrets.token_urlsafe(32)
        self.key_hash, self.key_hint = hash_key(self.secret), self.secret[:HINT_CHARACTERS]

    @property
    def compared_values(self) -> list[Any]:
        """All columns of the key and its client except `last_used`."""
        rows = (self, self.client)
        fields = ((row, field.attname) for row in rows for field in row._meta.concrete_fields)
        return [getattr(row, name) for row, name in fields if name != "last_used"]

    @property
    def has_expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()

    @property
    def state(self) -> str:
        if self.revoked:
            return "revoked"
        if self.has_expired:
            return "expired"
        return "expires" if self.expires else "active"

    @transaction.atomic
    def rotate(self, overlap: timedelta) -> ClientKey:
        """Issue the successor of this key, which expires after `overlap`, or earlier if it was to.

        So do the keys that it has replaced itself: after a leak no older one may work longer. A temporary key does not
        become a permanent one: the successor expires when this key was to.
        """
        planned, end = self.expires, timezone.now() + overlap
        self.expires = min(planned or end, end)
        self.save(update_fields=["expires"])
        replaced = [key.pk for key in self._same_name() if key.pk < self.pk]
        ClientKey.objects.filter(pk__in=replaced, expires__gt=end).update(expires=end)
        return ClientKey.objects.issue(self.client, self._next_name(), planned)

    def _same_name(self) -> list[ClientKey]:
        """Return the client's keys whose names differ in the number of the rotation alone."""
        return [key for key in self.client.keys.all() if _unnumbered(key.name) == _unnumbered(self.name)]

    def _next_name(self) -> str:
        number = 1 + max(int(match[1]) if (match := _NUMBER.search(key.name)) else 1 for key in self._same_name())
        return f"{_unnumbered(self.name)[:90]} ({number})"
