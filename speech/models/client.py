from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.utils.functional import cached_property

from caching.installation import sealed
from caching.policy import Policy, Quota
from speech.model_access import ModelAccess, validate


class ClientManager(models.Manager["Client"]):
    @transaction.atomic
    def create_with_key(self, name: str, **fields: Any) -> tuple[Client, str]:
        """Create a client. Return it with its API key, which is never stored. Raises ValidationError."""
        client = self.model(name=name, **fields)
        client.clean_fields()
        client.clean()
        client.save(force_insert=True)
        return client, client.give_key()


class Client(models.Model):
    """An API client: its sharing and limits."""

    identity = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    # For workers of the version without ClientKey, which run beside this one during an upgrade.
    key_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 (unique)
    key_hint = models.CharField(max_length=8, default="", editable=False)
    is_active = models.BooleanField(
        "active", default=True, help_text="Switch off to refuse all of its keys. Takes effect within 30 seconds."
    )
    shared_scope = models.BooleanField(
        default=False,
        help_text="Share impersonal entries requested by several clients with other sharing clients.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="In any 60 seconds. Empty: no limit."
    )
    daily_budget_usd = models.DecimalField(
        "daily budget in USD",
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Requests are refused for the rest of the UTC day once this is spent, including cache hits. "
        "Empty: no limit.",
    )
    monthly_budget_usd = models.DecimalField(
        "monthly budget in USD",
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="The same for the calendar month (UTC).",
    )
    daily_entries = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Cache entries this client may add per UTC day. Further answers are returned but not cached. "
        "Empty: no limit.",
    )
    scope_by_user = models.BooleanField(
        "separate end users",
        default=False,
        help_text="Never answer one end user with another's entry: the user of a chat request becomes part of the key.",
    )
    never_store = models.BooleanField(
        default=False, help_text="Never store this client's prompts or responses, in Redis or in the database."
    )
    # The database has the default too: an older version that runs beside this one does not name the column.
    allowed_models = models.TextField(
        "allowed providers and models",
        default="",
        db_default="",
        blank=True,
        validators=[validate],
        help_text="One or more of openai, openai/gpt-6* or */whisper-1, separated by commas or lines. Empty: all.",
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = ClientManager()

    class Meta:
        ordering = ["name"]
        permissions = [("use_playground", "Can use the playground, which spends money")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Reject a name that logs and commands cannot show, or that begins or ends with a space."""
        if self._state.adding and (not self.name.isprintable() or self.name != self.name.strip()):
            raise ValidationError({"name": "Use printable characters, and no space at either end."})

    def give_key(self, name: str = "first") -> str:
        """Return a new API key. Only its hash is stored."""
        secret: str = self.keys.issue(self, name).secret
        return secret

    @cached_property
    def holder(self) -> str:
        """Name of this client in Redis, which no client of another installation has."""
        if self.pk is None:
            raise ValueError("an unsaved client has no identity and therefore no entries")
        return sealed(f"client:{self.identity}")

    @cached_property
    def model_access(self) -> ModelAccess:
        return ModelAccess(self.allowed_models)

    @cached_property
    def has_budget(self) -> bool:
        return self.daily_budget_usd is not None or self.monthly_budget_usd is not None

    @property
    def private_scope(self) -> str:
        """Scope of the entries that this client does not share."""
        return f"client:{self.holder}"

    def tightened(self, policy: Policy) -> Policy:
        """Return `policy` restricted to what this client may store."""
        if self.daily_entries is None and not self.never_store:
            return policy
        quota = None if self.daily_entries is None else Quota(self.holder, self.daily_entries)
        return replace(policy, write=policy.write and not self.never_store, quota=quota)

    @property
    def is_authenticated(self) -> bool:
        return self.is_active
