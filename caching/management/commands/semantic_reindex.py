from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from caching.maintenance.reindex import Progress, reindex
from caching.management.progress import Bar
from caching.redis import store
from caching.semantic.embedders.base import EmbeddingError


class Command(BaseCommand):
    help = "Fill SEMANTIC_INDEX with the entries in Redis, after it or SEMANTIC_EMBEDDER was changed. Safe to repeat."

    def handle(self, **options: Any) -> str:
        if not store.available():
            raise CommandError(store.state().reason or "REDIS_URL is not set: there is no cache")
        bar, progress = None, Progress(total=0)
        try:
            for progress in reindex():
                bar = bar or Bar(self.stdout, progress.total)
                bar.show(progress.scanned, f"{progress.found:,} entries")
        except (EmbeddingError, ImportError, ValueError) as error:
            raise CommandError(f"{_sentence(progress)}, then: {error}. Run it again to go on") from error
        finally:
            if bar:
                bar.end()
        if not progress.complete:
            raise CommandError(f"{_sentence(progress)}, then Redis went away: {store.state().reason}")
        return _sentence(progress)


def _sentence(progress: Progress) -> str:
    return (
        f"{settings.SEMANTIC_INDEX} with {settings.SEMANTIC_EMBEDDER}: {progress.found:,} entries, "
        f"{progress.added:,} of them new to the index; {progress.removed:,} old ones removed"
    )
