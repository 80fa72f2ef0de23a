"""Vectors of index events: computed on the spot, or carried by the event if the embedder is slow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caching.semantic.embedders.base import BaseEmbedder, Vectors
from caching.semantic.indexes.base import Vector
from caching.semantic.replication import IndexEvent
from caching.semantic.text.normalize import plain

# Half the memory; a cosine changes by less than 0.001.
HALF = "<f2"


def made(embedder: BaseEmbedder, texts: Sequence[str]) -> Vectors:
    """Raises EmbeddingError."""
    return embedder.embed([plain(text) for text in texts])


def carrying(event: IndexEvent, vector: Vector, embedder: BaseEmbedder) -> IndexEvent:
    """Add the vector to the event, for workers with a slow embedder."""
    return event._replace(vector=np.asarray(vector, HALF).tobytes(), embedder=embedder.identity)


def is_usable(event: IndexEvent, embedder: BaseEmbedder) -> bool:
    """True if `of` can return its vector; otherwise `semantic_reindex` must compute it."""
    return not embedder.slow or event.embedder == embedder.identity


def of(events: Sequence[IndexEvent], embedder: BaseEmbedder) -> Vectors:
    """Vectors of usable events. Raises EmbeddingError."""
    if embedder.slow:
        return np.stack([np.frombuffer(event.vector, HALF) for event in events]).astype(np.float32)
    return embedder.embed([plain(event.text) for event in events])
