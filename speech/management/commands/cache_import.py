from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caching import keys
from caching.maintenance import importing, reindex
from caching.maintenance.export_file import NotAnExport
from caching.maintenance.importing import Progress
from caching.management.base import GatewayCommand
from caching.management.progress import ProgressBar
from caching.models.audit import AuditAction
from caching.semantic.embedders.base import EmbeddingError
from speech.management import transfer


class Command(GatewayCommand):
    help = (
        "Store the entries of a file of cache_export for the clients of the same names here. Entries keep their age; "
        "those that are here already stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        transfer.add_arguments(parser)
        parser.add_argument("--as", dest="new_name", default="", help="name that the client of --client has here")

    def handle(self, *, file: Path, client: str, kind: list[str] | None, new_name: str, **options: Any) -> str:
        self.demand_redis()
        if new_name and not client:
            raise CommandError("--as needs --client")
        scopes, kinds = transfer.scopes(), transfer.kinds_of(kind)
        if client:
            transfer.demand_storing(new_name or client, scopes)
        clients = {client: new_name or client} if client else {}
        try:
            progress = self._run(importing.load(file, kinds, clients, scopes), file.stat().st_size, new_name or client)
        except NotAnExport as error:
            raise CommandError(f"{file}: {error}") from error
        except OSError as error:
            raise CommandError(f"cannot read {file}: {error}") from error
        if keys.SEMANTIC in kinds:
            with self.stops_if_redis_fails(lambda: _sentence(progress)):
                self._index()
        skipped = f"; skipped:{transfer.listed(progress.skipped)}" if progress.skipped else ""
        return f"{_sentence(progress)}{skipped}"

    def _run(self, steps: Iterator[Progress], size: int, client: str) -> Progress:
        bar, progress, bad = ProgressBar(self.stdout, size), Progress(), 0
        try:
            with self.stops_if_redis_fails(lambda: _sentence(progress)):
                for progress in steps:
                    for line in progress.bad:
                        bar.clear()
                        self.stderr.write(f"line {line.number}: {line.problem}" if line.number else line.problem)
                    bad += len(progress.bad)
                    bar.show(progress.read, f"{progress.imported:,} imported")
        finally:
            self.record(AuditAction.ADDED, _sentence(progress), client=client)
        bar.end()
        if bad and not (progress.imported or progress.skipped):
            raise CommandError("no entry of the file could be read")
        return progress

    def _index(self) -> None:
        """Add the imported questions to the semantic index."""
        if settings.SEMANTIC_MODE == "off":
            return
        try:
            for _ in reindex.reindex():
                pass
        except EmbeddingError as error:
            self.stderr.write(f"Some questions are not in the semantic index; run semantic_reindex: {error}")


def _sentence(progress: Progress) -> str:
    return f"Imported {progress.imported:,} entries"
