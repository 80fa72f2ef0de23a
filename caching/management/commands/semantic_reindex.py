from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caching.maintenance.reindex import Progress, reindex
from caching.management.base import GatewayCommand
from caching.management.progress import ProgressBar
from caching.models.audit import AuditAction
from caching.semantic.embedders.base import EmbeddingError


class Command(GatewayCommand):
    help = (
        "Rebuild the semantic index from the entries in Redis, after a change of SEMANTIC_INDEX or SEMANTIC_EMBEDDER. "
        "Safe to repeat."
    )

    def handle(self, **options: Any) -> str:
        self.demand_redis()
        bar, progress = None, Progress(total=0)
        try:
            with self.stops_if_redis_fails(lambda: _sentence(progress)):
                for progress in reindex():
                    bar = bar or ProgressBar(self.stdout, progress.total)
                    bar.show(progress.scanned, f"{progress.found:,} entries")
        except (EmbeddingError, ImportError, ValueError) as error:
            raise CommandError(f"{_sentence(progress)}, then: {error}. Run it again to continue") from error
        finally:
            self.record(AuditAction.CHANGED, f"Rebuilt the semantic index: {_sentence(progress)}")
            if bar:
                bar.end()
        return _sentence(progress)


def _sentence(progress: Progress) -> str:
    return (
        f"{settings.SEMANTIC_INDEX} with {settings.SEMANTIC_EMBEDDER}: {progress.found:,} entries, "
        f"{progress.added:,} added to the index, {progress.removed:,} outdated entries deleted"
    )
