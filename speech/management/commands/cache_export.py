from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caching.maintenance import export_file, exporting
from caching.maintenance.exporting import Progress
from caching.maintenance.selection import Selection
from caching.management.base import GatewayCommand
from caching.management.progress import ProgressBar
from caching.models.audit import AuditAction
from speech.management import transfer


class Command(GatewayCommand):
    help = (
        "Write cache entries, and those of the audio archive, to a file for cache_import. It holds texts and audio of "
        "clients: `forget` cannot reach it, so delete it after use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        transfer.add_arguments(parser)

    def handle(self, *, file: Path, client: str, kind: list[str] | None, **options: Any) -> str:
        self.demand_redis()
        scopes = transfer.scopes()
        if client:
            transfer.demand_storing(client, scopes)
        try:
            with self.stops_if_redis_fails(lambda: f"{file} is incomplete"), export_file.writing(file) as writer:
                selection = Selection(kinds=transfer.kinds_of(kind), client=client)
                progress = self._run(exporting.export(selection, scopes, writer), selection, file)
        except FileExistsError as error:
            raise CommandError(f"{file} exists already") from error
        except OSError as error:
            raise CommandError(f"cannot write {file}: {error}") from error
        left_out = f"; left out:{transfer.listed(progress.left_out)}" if progress.left_out else ""
        return f"Exported {progress.exported:,} entries to {file}{left_out}"

    def _run(self, steps: Iterator[Progress], selection: Selection, file: Path) -> Progress:
        bar, progress = None, Progress(total=0)
        try:
            for progress in steps:
                bar = bar or ProgressBar(self.stdout, progress.total)
                bar.show(progress.scanned, f"{progress.exported:,} exported")
        finally:
            message = transfer.export_record(progress.exported, file, selection.described)
            self.record(AuditAction.VIEWED, message, client=selection.client)
        if bar:
            bar.end()
        return progress
