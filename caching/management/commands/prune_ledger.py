from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from caching.ledger import retention


class Command(BaseCommand):
    help = "Delete call rows and entry hits older than LEDGER_RETENTION_DAYS. Hourly totals are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only report how many")

    def handle(self, *, dry_run: bool, **options: Any) -> str:
        moment = timezone.now() - timedelta(days=settings.LEDGER_RETENTION_DAYS)
        calls, entries = retention.count(moment) if dry_run else retention.prune(moment)
        would = "Would delete" if dry_run else "Deleted"
        return f"{would} {calls:,} calls and {entries:,} entry-hit rows from before {moment:%Y-%m-%d}"
