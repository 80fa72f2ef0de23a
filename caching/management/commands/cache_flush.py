from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from itertools import chain
from typing import Any

from django.core.management.base import CommandError

from caching.archive.files import FilesUnavailable
from caching.maintenance import flush
from caching.maintenance.flush import Progress
from caching.maintenance.selection import KINDS_BY_NAME, Selection, client_named
from caching.management.base import GatewayCommand
from caching.management.progress import ProgressBar
from caching.models import CuratedAnswer
from caching.models.audit import AuditAction
from caching.models.curated import CuratedQuerySet
from caching.policy import LEVELS
from caching.reports.durations import parse_duration


class Command(GatewayCommand):
    help = "Delete cache entries in small batches, without blocking Redis. Other keys are never touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--llm", action="store_true", help="answers only")
        parser.add_argument("--tts", action="store_true", help="audio only")
        parser.add_argument("--stt", action="store_true", help="transcripts only")
        parser.add_argument("--emb", action="store_true", help="embeddings only")
        parser.add_argument("--level", choices=LEVELS, default="")
        parser.add_argument("--client", default="", help="entries of this client only")
        parser.add_argument("--pattern", default="*", help="key pattern, such as 'tts:sarvam:*'")
        parser.add_argument(
            "--curated",
            action="store_true",
            help="also delete curated and pinned answers, of --client or all: every other flush leaves them",
        )
        parser.add_argument("--older-than", type=parse_duration, help="minimum age, such as 90s, 15m, 24h or 7d")
        parser.add_argument("--yes", action="store_true", help="skip the confirmation")
        parser.add_argument("--dry-run", action="store_true", help="only report what would be deleted")

    def handle(self, **options: Any) -> str:
        self.demand_redis()
        selection = _selection(options)
        curated = _curated(selection.client) if options["curated"] else CuratedAnswer.objects.none()
        if options["yes"] and not options["dry_run"]:
            return self._delete(selection, curated)
        found, also = self._run(selection, dry_run=True), _and_curated(curated.count())
        if options["dry_run"]:
            return _sentence(found, dry_run=True) + also
        if not (found.matched or found.archived or also):
            return "Nothing to delete"
        self.stdout.write(_sentence(found, dry_run=True) + also)
        self.confirm("Delete them?", to="delete", declined="nothing was deleted")
        return self._delete(selection, curated)

    def _delete(self, selection: Selection, curated: CuratedQuerySet) -> str:
        deleted, _ = curated.delete()
        if deleted:
            message = f"Deleted {deleted:,} curated answers"
            self.record(AuditAction.DELETED, message, client=selection.client)
        return _sentence(self._run(selection, dry_run=False), dry_run=False) + _and_curated(deleted)

    def _run(self, selection: Selection, *, dry_run: bool) -> Progress:
        bar, progress = None, Progress(total=0)
        try:
            with self.stops_if_redis_fails(lambda: _sentence(progress, dry_run)):
                for progress in flush.flush(selection, dry_run=dry_run):
                    bar = bar or ProgressBar(self.stdout, progress.total)
                    bar.show(progress.scanned, f"{progress.matched:,} found")
        except FilesUnavailable as error:
            raise CommandError(f"the audio archive cannot be used; run the command again: {error}") from error
        finally:
            if not dry_run:
                message = f"Deleted {progress.removed:,} entries: {selection.described_without_text}"
                self.record(AuditAction.DELETED, message, client=selection.client)
        if bar:
            bar.end()
        nothing = not (progress.matched or progress.archived)
        if nothing and selection.client and client_named(selection.client) is None:
            raise CommandError(f"unknown client: {selection.client}")
        return progress


def _curated(client: str) -> CuratedQuerySet:
    return CuratedAnswer.objects.filter(client=client) if client else CuratedAnswer.objects.all()


def _and_curated(number: int) -> str:
    return f"; {number:,} curated answers" if number else ""


def _selection(options: dict[str, Any]) -> Selection:
    selected = [kinds for name, kinds in KINDS_BY_NAME.items() if options[name]] or KINDS_BY_NAME.values()
    older_than: timedelta | None = options["older_than"]
    return Selection(
        kinds=tuple(chain.from_iterable(selected)),
        pattern=options["pattern"],
        level=options["level"],
        client=options["client"],
        older_than=older_than.total_seconds() if older_than else None,
    )


def _sentence(progress: Progress, dry_run: bool) -> str:
    count = progress.matched if dry_run else progress.removed
    examples = [f"  {key}" for key in progress.samples] if dry_run else []
    if examples and count > len(examples):
        examples.append(f"  and {count - len(examples):,} more")
    size = f"{progress.bytes / 2**20:,.1f} MB" if progress.bytes >= 2**20 else f"{progress.bytes / 2**10:,.1f} kB"
    archived = f", and {progress.archived:,} archived" if progress.archived else ""
    deleted = "Would delete" if dry_run else "Deleted"
    return "\n".join([f"{deleted} {count:,} keys, {size}{archived}", *examples])
