from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caching.management.arguments import whole_number
from caching.management.base import GatewayCommand
from caching.management.progress import ProgressBar
from caching.models.audit import AuditAction
from caching.pricing.money import plain
from speech.exceptions import GatewayError
from speech.management import warming
from speech.management.warming import Job
from speech.models import Client


class Command(GatewayCommand):
    help = (
        "Fill the cache ahead of time, and the audio archive if there is one. FILE is CSV (with header) or JSON Lines, "
        "with the fields of /api/chat/ (query, system, …) or /api/tts/ (text, voice, …). Re-run to resume."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--encoding", default="", help="of FILE, such as cp1252 (default: UTF-8, or a marked UTF-16)"
        )
        parser.add_argument(
            "--from-ledger", action="store_true", help="the texts that the client had spoken most often"
        )
        parser.add_argument("--top", type=whole_number(1, 1_000_000), default=100, help="how many of them")
        parser.add_argument("--client", required=True, help="client that will own the entries")
        parser.add_argument("--concurrency", type=whole_number(1, 1000), default=4, help="concurrent requests")
        parser.add_argument("--yes", action="store_true", help="skip the confirmation")

    def handle(
        self,
        *,
        file: Path | None,
        encoding: str,
        from_ledger: bool,
        top: int,
        client: str,
        concurrency: int,
        yes: bool,
        **options: Any,
    ) -> str:
        if (file is None) is not from_ledger:
            raise CommandError("name a file, or --from-ledger")
        owner = Client.objects.filter(name=client).first()
        if owner is None:
            raise CommandError(f"unknown client: {client}")
        self.demand_redis()
        record = Record(file)
        found = self._read(file, encoding) if file else warming.from_ledger(owner, top)
        jobs = [job for job in found if job.digest not in record.done]
        self._confirm(jobs, yes)
        record.begin()
        started = time.monotonic()
        failed = self._run(jobs, owner, concurrency, record)
        if failed:
            raise CommandError(f"{len(jobs) - failed:,} of {len(jobs):,} done; run it again to retry the rest")
        record.remove()
        return f"{len(jobs):,} done in {time.monotonic() - started:,.1f} s"

    def _read(self, file: Path, encoding: str) -> list[Job]:
        try:
            return warming.read(file, encoding)
        except OSError as error:
            raise CommandError(f"cannot read {file}: {error}") from error
        except GatewayError as error:
            raise CommandError(f"{file}, {error.message}") from error

    def _confirm(self, jobs: list[Job], yes: bool) -> None:
        try:
            estimate = warming.estimate(jobs)
        except GatewayError as error:
            raise CommandError(error.message) from error
        most = estimate.in_display_currency
        unknown = f", and {estimate.unknown:,} of unknown cost" if estimate.unknown else ""
        self.stdout.write(f"{len(jobs):,} requests, about {plain(most.amount)} {most.currency}{unknown}")
        if jobs and not yes:
            self.confirm("Continue?", to="continue", declined="nothing was done")

    def _run(self, jobs: list[Job], client: Client, concurrency: int, record: Record) -> int:
        bar, failed, number = ProgressBar(self.stdout, len(jobs)), 0, 0
        outcomes = warming.warm(jobs, client=client, concurrency=concurrency, done=record.add)
        try:
            for number, (job, problem) in enumerate(outcomes, 1):
                if problem:
                    failed += 1
                    bar.clear()
                    self.stderr.write(f"line {job.line}: {problem}")
                bar.show(number, f"{number:,} of {len(jobs):,}")
        finally:
            self.record(AuditAction.ADDED, f"Warmed the cache with {number - failed:,} entries", client=client.name)
        bar.end()
        return failed


class Record:
    """Completed rows of a file, stored beside it, so that an interrupted run pays for nothing twice.

    Rows of the ledger need none: what was spoken is found in the cache.
    """

    def __init__(self, file: Path | None) -> None:
        """Raise CommandError if it cannot be read."""
        self._path = file and file.with_name(f"{file.name}.done")
        self.done: set[str] = set()
        try:
            if self._path and self._path.exists():
                self.done = set(self._path.read_text(errors="replace").split())
        except OSError as error:
            raise CommandError(f"cannot read the record of completed rows: {error}") from error

    def begin(self) -> None:
        """Raise CommandError if rows cannot be added: they would be paid for again."""
        try:
            if self._path:
                self._path.open("a").close()
        except OSError as error:
            raise CommandError(f"cannot write the record of completed rows: {error}") from error

    def add(self, job: Job) -> None:
        if self._path:
            with self._path.open("a") as file:
                file.write(f"{job.digest}\n")

    def remove(self) -> None:
        if self._path:
            self._path.unlink(missing_ok=True)
