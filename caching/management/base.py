"""Base of the commands of the gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.db.models import Model

from caching.checks import TAG
from caching.management import audit
from caching.models.audit import AuditAction
from caching.redis import store
from caching.redis.url import NOT_SET


class GatewayCommand(BaseCommand):
    """Check the settings of the gateway only: Django's checks import every view, which takes half of the start."""

    requires_system_checks = [TAG]

    def record(self, action: AuditAction, message: str, *, client: str = "", about: Model | None = None) -> None:
        """Record in Audit what this command has done, which an error here does not undo."""
        command = type(self).__module__.rpartition(".")[2]
        try:
            audit.record(command, action, message, client=client, about=about)
        except Error as error:
            self.stderr.write(f"This is not in the audit, because of the database: {error}")

    def demand_redis(self) -> None:
        """Raise CommandError unless Redis can be used."""
        if not store.available():
            raise CommandError(store.state().reason or f"caching is off: {NOT_SET}")

    @contextmanager
    def stops_if_redis_fails(self, so_far: Callable[[], str]) -> Iterator[None]:
        """Raise CommandError, with what is done so far, on RedisFailed."""
        try:
            yield
        except store.RedisFailed as error:
            raise CommandError(f"{so_far()}; then Redis failed: {error}") from error

    def confirm(self, question: str, *, to: str, declined: str) -> None:
        """Ask on the terminal. Raise CommandError unless the answer is yes; `to` says what --yes does unasked."""
        try:
            answer = input(f"{question} [y/N] ")
        except (EOFError, RuntimeError) as error:
            # RuntimeError: standard input is closed.
            self.stdout.write("")
            raise CommandError(f"Add --yes to {to} without asking.") from error
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError(declined)
