"""Fill the configured index from the entries in Redis after a change of index or embedder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from django.conf import settings

from caching import keys
from caching.llm import semantic_lookup
from caching.redis import scan
from caching.redis.scan import Stored
from caching.redis.whole import whole
from caching.semantic import event_vectors, replication
from caching.semantic.cache import entry_of, new_index
from caching.semantic.embedders import get_embedder
from caching.semantic.embedders.base import BaseEmbedder
from caching.semantic.indexes.base import BaseIndex
from caching.semantic.replication import IndexEvent

# Time limit of the embedder per batch, generous because no request waits.
BATCH_MS = 30_000


@dataclass(slots=True)
class Progress:
    # Keys in the whole database at the start.
    total: int
    scanned: int = 0
    # Entries that belong in the index.
    found: int = 0
    # Entries that were missing.
    added: int = 0
    # Index entries whose question has expired.
    removed: int = 0


class _Target:
    """Destination of entries: the shared index, or the stream that fills the index of each worker."""

    def __init__(self, embedder: BaseEmbedder, index: BaseIndex) -> None:
        self.embedder = embedder
        self._index = index
        self.before = index.ids() if index.shared else frozenset(self._streamed())

    def _streamed(self) -> Iterator[str]:
        is_there: dict[str, bool] = {}
        for event in chain.from_iterable(replication.read_all()):
            is_there[event.id] = event.expires > time.time() and event_vectors.is_usable(event, self.embedder)
        yield from (identifier for identifier, there in is_there.items() if there)

    def add(self, events: list[IndexEvent]) -> None:
        """Raises EmbeddingError."""
        if not self._index.shared and not self.embedder.slow:
            replication.publish_all(events)
            return
        made = zip(events, event_vectors.made(self.embedder, [event.text for event in events]), strict=True)
        if self._index.shared:
            for event, vector in made:
                self._index.add(entry_of(event), vector)
        else:
            replication.publish_all([event_vectors.carrying(event, vector, self.embedder) for event, vector in made])

    def remove(self, ids: list[str]) -> None:
        self._index.remove(ids)
        if not self._index.shared:
            replication.publish_all(IndexEvent(identifier) for identifier in ids)


@whole
def reindex() -> Iterator[Progress]:
    """Add missing entries in small batches, yielding the progress after each. Raises EmbeddingError or RedisFailed.

    Safe to stop and repeat: existing entries are not embedded again, so a provider is not paid twice.
    """
    options = {**settings.SEMANTIC_EMBEDDER_OPTIONS, "TIMEOUT_MS": str(BATCH_MS)}
    embedder = get_embedder(settings.SEMANTIC_EMBEDDER, options)
    target = _Target(embedder, new_index(embedder))
    progress = Progress(total=scan.size() or 0)
    seen: set[str] = set()
    cursor = 0
    while step := scan.scan(cursor, f"{keys.SEMANTIC}:*"):
        cursor, names = step
        progress.scanned += scan.STEP
        fresh = [event for event in _events(names) if event.id not in seen]
        missing = {event.id: event for event in fresh if event.id not in target.before}
        if missing:
            target.add(list(missing.values()))
        semantic_lookup.count_embeddings(embedder)
        seen |= {event.id for event in fresh}
        progress.found, progress.added = len(seen), progress.added + len(missing)
        if not cursor:
            gone = sorted(target.before - seen)
            target.remove(gone)
            progress.removed = len(gone)
        yield progress
        if not cursor:
            return


def _events(names: list[str]) -> Iterator[IndexEvent]:
    stored: list[Stored] = (scan.describe(names) or []) if names else []
    for entry in stored:
        fields = entry.fields
        answer, scope, question = fields.get("answer_key"), fields.get("scope"), fields.get("question")
        if entry.ttl and isinstance(answer, str) and isinstance(scope, str) and isinstance(question, str):
            ends = round(time.time() + entry.ttl, 3)
            yield IndexEvent(answer, scope, question, ends, by=str(fields.get("by", "")))
