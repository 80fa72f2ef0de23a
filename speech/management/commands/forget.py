from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from caching.ledger.writer import FLUSH_SECONDS
from caching.maintenance import erasure
from caching.redis import store
from speech.api.authentication import REMEMBERED_SECONDS
from speech.models import Client, Receipt


class Command(BaseCommand):
    help = (
        "Remove a client and every trace of it, in Redis and in the database. Its sums stay in the books without its "
        "name. An active key is revoked first, and the command waits until every worker knows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--client", required=True)
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *, client: str, yes: bool, dry_run: bool, **options: Any) -> str:
        found = Client.objects.filter(name=client).first()
        if found is None:
            raise CommandError(f"there is no client {client}")
        if store.enabled() and not store.available():
            raise CommandError(f"Redis is away, so it cannot be forgotten there: {store.state().reason}")
        if dry_run or not yes:
            self.stdout.write(self._sentence("Would remove", found, erasure.count(client)))
        if dry_run:
            return "Nothing was removed"
        if not yes and input("Remove it all? [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("nothing was removed")
        self._revoke(found)
        return self._forget(found)

    def _revoke(self, client: Client) -> None:
        if client.is_active:
            Client.objects.filter(pk=client.pk).update(is_active=False)
            seconds = REMEMBERED_SECONDS + FLUSH_SECONDS
            self.stdout.write(f"Revoked its key; waiting {seconds:.0f} s until every worker knows")
            time.sleep(seconds)

    def _forget(self, client: Client) -> str:
        traces = erasure.forget(client.name, str(client.pk))
        if store.enabled() and not store.available():
            raise CommandError(f"Redis went away meanwhile, run it again: {store.state().reason}")
        sentence = self._sentence("Removed", client, traces)
        _log_entries(client).delete()
        client.delete()
        return sentence

    def _sentence(self, begin: str, client: Client, traces: erasure.Traces) -> str:
        counts = asdict(traces)
        sums = counts.pop("sums")
        counts["receipts"] = Receipt.objects.filter(client=client).count()
        counts["log entries"] = _log_entries(client).count()
        listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        return f"{begin} {client.name}: {listed}; {sums:,} hourly sums lose its name"


def _log_entries(client: Client) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Client)
    return LogEntry.objects.filter(content_type=kind, object_id=str(client.pk))
