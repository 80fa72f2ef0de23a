from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import CommandError
from django.db.models import Q, QuerySet

from caching.archive.files import FilesUnavailable
from caching.ledger.writer import FLUSH_SECONDS
from caching.maintenance import erasure, memory
from caching.management.base import GatewayCommand
from caching.models import AuditEntry
from caching.models.audit import AuditAction
from caching.redis import store
from speech.api.authentication import REMEMBERED_SECONDS
from speech.api.request_body import FORGET_SECONDS
from speech.models import Client, Receipt, StoredResponse

FORGOTTEN = "(forgotten)"


class Command(GatewayCommand):
    help = (
        "Delete a client and all of its data in Redis and in the database. Totals are kept anonymously. An active key "
        "is revoked first; the command then waits until every worker has noticed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--client", required=True)
        parser.add_argument("--yes", action="store_true", help="skip the confirmation")
        parser.add_argument("--dry-run", action="store_true", help="only report what would be deleted")

    def handle(self, *, client: str, yes: bool, dry_run: bool, **options: Any) -> str:
        found = Client.objects.filter(name=client).first()
        if found is None:
            raise CommandError(f"unknown client: {client}")
        if store.enabled() and not store.available():
            raise CommandError(f"cannot delete its data while Redis is disconnected: {store.state().reason}")
        if dry_run or not yes:
            self.stdout.write(f"Would delete {client}: {_counts(found, erasure.count(client))}")
        if dry_run:
            return "Nothing was deleted"
        if not yes:
            self.confirm("Delete all of it?", to="delete", declined="nothing was deleted")
        self._revoke(found)
        return self._forget(found)

    def _revoke(self, client: Client) -> None:
        if client.is_active:
            Client.objects.filter(pk=client.pk).update(is_active=False)
            seconds = REMEMBERED_SECONDS + max(FLUSH_SECONDS, FORGET_SECONDS)
            self.stdout.write(f"Revoked its key; waiting {seconds:.0f} s for every worker to notice")
            time.sleep(seconds)
        memory.announce()
        time.sleep(memory.POLL_SECONDS)

    def _forget(self, client: Client) -> str:
        try:
            traces = erasure.forget(client.name, client.holder)
        except FilesUnavailable as error:
            raise CommandError(f"the audio archive cannot be used; run the command again: {error}") from error
        if store.enabled() and not store.available():
            raise CommandError(f"Redis disconnected; run the command again: {store.state().reason}")
        counts = _counts(client, traces)
        _log_entries(client).delete()
        _unname_in_audit(client)
        client.delete()
        self.record(AuditAction.DELETED, f"Deleted a client: {counts}", client=FORGOTTEN)
        if not erasure.clear_write_ahead_log():
            self.stderr.write("The database is busy: deleted rows may still be in its -wal file; run the command again")
        return f"Deleted {client.name}: {counts}"


def _counts(client: Client, traces: erasure.Traces) -> str:
    counts = asdict(traces)
    sums = counts.pop("sums")
    counts["curated answers"] = counts.pop("curated")
    counts["receipts"] = Receipt.objects.filter(client=client).count()
    counts["stored responses"] = StoredResponse.objects.filter(client=client).count()
    counts["log entries"] = _log_entries(client).count()
    listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"{listed}; {sums:,} hourly totals made anonymous"


def _log_entries(client: Client) -> QuerySet[LogEntry]:
    kind = ContentType.objects.get_for_model(Client)
    return LogEntry.objects.filter(content_type=kind, object_id=str(client.pk))


def _unname_in_audit(client: Client) -> None:
    """Take the client's name out of what staff did to its entries."""
    named = Q(change_message__contains=client.name) | Q(object_id=client.name)
    for entry in AuditEntry.objects.of_entries().filter(named):
        entry.object_id = FORGOTTEN if entry.object_id == client.name else entry.object_id
        entry.object_repr = entry.object_repr.replace(client.name[:200], FORGOTTEN)
        entry.change_message = entry.change_message.replace(client.name, FORGOTTEN)
        entry.save(update_fields=["object_id", "object_repr", "change_message"])
