from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from caching.archive import audio as archive
from caching.archive.files import FilesUnavailable
from caching.ledger import retention
from caching.management.base import GatewayCommand
from caching.models import ArchivedAudio
from caching.models.audit import AuditAction


class Command(GatewayCommand):
    help = (
        "Delete call rows and entry hits older than LEDGER_RETENTION_DAYS, and expired files of the audio archive. "
        "Hourly totals are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only report how many")

    def handle(self, *, dry_run: bool, **options: Any) -> str:
        moment = timezone.now() - timedelta(days=settings.LEDGER_RETENTION_DAYS)
        calls, entries = retention.count(moment) if dry_run else retention.prune(moment)
        if not dry_run:
            self.record(AuditAction.DELETED, f"Deleted {calls:,} calls and {entries:,} entry-hit rows")
        would = "Would delete" if dry_run else "Deleted"
        rows = f"{calls:,} calls and {entries:,} entry-hit rows from before {moment:%Y-%m-%d}"
        try:
            archived = ArchivedAudio.objects.expired().count() if dry_run else archive.prune()
        except FilesUnavailable as error:
            raise CommandError(f"{would} {rows}, but the audio archive cannot be used: {error}") from error
        return f"{would} {rows}" + (f", and {archived:,} expired entries of the audio archive" if archived else "")
