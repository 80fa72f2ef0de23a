from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caching.archive.files import FilesUnavailable
from caching.maintenance import erasure, text_caches
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction
from caching.redis import store
from caching.redis.store import RedisFailed
from speech.management import forgetting
from speech.models import Client


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
            self.stdout.write(f"Would delete {client}: {forgetting.counts(found, erasure.count(client))}")
        if dry_run:
            return "Nothing was deleted"
        if not yes:
            self.confirm("Delete all of it?", to="delete", declined="nothing was deleted")
        self._revoke(found)
        return self._forget(found)

    def _revoke(self, client: Client) -> None:
        if client.is_active:
            Client.objects.filter(pk=client.pk).update(is_active=False)
            self._tell("Revoked its keys. If this command is interrupted, run it again to delete the rest")
            self._tell(f"Waiting {forgetting.NOTICED_SECONDS:.0f} s until every worker has noticed")
            time.sleep(forgetting.NOTICED_SECONDS)

    def _tell(self, step: str) -> None:
        self.stdout.write(step)
        self.stdout.flush()

    def _forget(self, client: Client) -> str:
        for file in forgetting.exports(client):
            self.stderr.write(f"{file}: written by cache_export, may hold texts and audio of {client.name}; delete it")
        try:
            self._tell(f"Waiting {text_caches.POLL_SECONDS:.0f} s until every worker has dropped its texts in memory")
            forgetting.announce()
            self._tell("Deleting its entries in Redis and its rows in the database")
            counts = forgetting.forget(client)
        except FilesUnavailable as error:
            raise CommandError(f"the audio archive cannot be used; run the command again: {error}") from error
        except RedisFailed as error:
            raise CommandError(
                f"not all of its entries in Redis are deleted; run the command again: {error}"
            ) from error
        self.record(AuditAction.DELETED, f"Deleted a client: {counts}", client=forgetting.FORGOTTEN)
        self._tell("Deleted them; clearing the log of the database")
        if not erasure.clear_write_ahead_log():
            self.stderr.write("The database is busy: deleted rows may still be in its -wal file; run the command again")
        return f"Deleted {client.name}: {counts}"
