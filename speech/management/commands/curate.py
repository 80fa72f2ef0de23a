from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caching.maintenance import curated_csv, spreadsheets
from caching.management.base import GatewayCommand
from caching.models.audit import AuditAction
from speech.exceptions import GatewayError
from speech.models import Client

_STDOUT = (Path("-"), Path("/dev/stdout"))


class Command(GatewayCommand):
    help = (
        "Import curated answers, which are served in place of a provider's. FILE is CSV with the columns wordings or "
        "question (several separated by |), answer, language and voice. A row with a known wording updates its answer. "
        "Answers with a voice, such as openai:alloy, are spoken ahead for their client."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--client", default="", help="client that they are for (default: all in the shared scope)")
        parser.add_argument(
            "--export",
            action="store_true",
            help="write the enabled ones to FILE, which must not exist, or to - instead",
        )
        parser.add_argument(
            "--encoding", default="", help="of FILE, such as cp1252 (default: UTF-8, or a marked UTF-16)"
        )
        parser.add_argument("--speak", action="store_true", help="without FILE: speak those that name a voice")

    def handle(
        self, *, file: Path | None, client: str, export: bool, encoding: str, speak: bool, **options: Any
    ) -> str:
        owner = Client.objects.filter(name=client).first()
        if client and owner is None:
            raise CommandError(f"unknown client: {client}")
        if (file is None) is not speak or (speak and (export or owner is None)):
            raise CommandError("name a file, or --speak with --client")
        used = self._use(file, client, encoding, export=export) if file else ""
        spoken = "" if export or owner is None else self._speak(owner)
        return "; ".join(filter(None, (used, spoken))) or ("" if file else "No curated answer names a voice")

    def _use(self, file: Path, client: str, encoding: str, *, export: bool) -> str:
        try:
            return self._export(file, client, encoding) if export else self._import(file, client, encoding)
        except FileExistsError as error:
            raise CommandError(f"{file} exists already") from error
        except BrokenPipeError:
            # Of standard output: the command ends quietly.
            raise
        except OSError as error:
            raise CommandError(f"cannot use {file}: {error}") from error

    def _export(self, file: Path, client: str, encoding: str) -> str:
        try:
            # Spreadsheets know UTF-8 by its byte order mark.
            content = curated_csv.dump(client).encode(encoding or "utf-8-sig")
        except (UnicodeError, LookupError) as error:
            raise CommandError(f"{file}: {error}") from error
        if file in _STDOUT:
            sys.stdout.buffer.write(content)
        else:
            # A pipe or a device is there already, and holds nothing that would be lost.
            with file.open("wb" if file.exists() and not file.is_file() else "xb") as exported:
                exported.write(content)
        self.record(AuditAction.VIEWED, "Exported curated answers", client=client)
        return "" if file in _STDOUT else f"Exported to {file}"

    def _import(self, file: Path, client: str, encoding: str) -> str:
        try:
            report = curated_csv.load(spreadsheets.decoded(file.read_bytes(), encoding), client)
        except spreadsheets.Unreadable as error:
            raise CommandError(f"{file}: {error}") from error
        for line, problem in report.bad:
            self.stderr.write(f"line {line}: {problem}")
        counts = f"{report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged"
        self.record(AuditAction.CHANGED, f"Imported curated answers: {counts}", client=client)
        if report.bad:
            raise CommandError(f"{counts}; {len(report.bad):,} lines are bad")
        return f"Curated answers: {counts}"

    def _speak(self, owner: Client) -> str:
        """Speak the answers that name a voice. Return how many, or "" if there are none."""
        # Imported here: it doubles the start-up time of a command.
        from speech.management import warming

        try:
            jobs = warming.of_curated(owner)
        except GatewayError as error:
            raise CommandError(error.message) from error
        if not jobs:
            return ""
        if not settings.AUDIO_ARCHIVE:
            self.stderr.write("AUDIO_ARCHIVE is not set: the audio is lost with Redis, and when its time to live ends")
        self.record(AuditAction.ADDED, f"Spoke {len(jobs) // 2:,} curated answers ahead", client=owner.name)
        problems = [problem for _, problem in warming.warm(jobs, client=owner, concurrency=4) if problem]
        if problems:
            raise CommandError(f"{len(problems):,} of {len(jobs):,} were not spoken: {problems[0]}")
        return f"{len(jobs) // 2:,} spoken ahead"
