from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError

from caching.maintenance import curating
from caching.maintenance.curating import NotCurated
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction


class Command(GatewayCommand):
    help = (
        "Import curated answers, which are served in place of a provider's. FILE is CSV with the columns wordings "
        "(separated by |), answer and language. A row with a known wording updates its answer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--client", default="", help="client that they are for (default: all in the shared scope)")
        parser.add_argument("--export", action="store_true", help="write the enabled ones to FILE instead")

    def handle(self, *, file: Path, client: str, export: bool, **options: Any) -> str:
        clients = apps.get_model(settings.CLIENT_MODEL)._default_manager
        if client and not clients.filter(name=client).exists():
            raise CommandError(f"unknown client: {client}")
        try:
            return self._export(file, client) if export else self._import(file, client)
        except OSError as error:
            raise CommandError(f"cannot use {file}: {error}") from error

    def _export(self, file: Path, client: str) -> str:
        self.record(AuditAction.VIEWED, "Exported curated answers", client=client)
        file.write_text(curating.dump(client), encoding="utf-8", newline="")
        return f"Exported to {file}"

    def _import(self, file: Path, client: str) -> str:
        try:
            # Spreadsheets begin their files with a byte order mark.
            report = curating.load(file.read_bytes().decode("utf-8-sig"), client)
        except (NotCurated, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        for line, problem in report.bad:
            self.stderr.write(f"line {line}: {problem}")
        counts = f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged"
        self.record(AuditAction.CHANGED, f"Imported curated answers: {counts}", client=client)
        if report.bad:
            raise CommandError(f"{counts}; {len(report.bad):,} lines are bad")
        return f"Curated answers: {counts}"
