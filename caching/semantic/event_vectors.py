"""Vectors of index events: computed on the spot, or carried by the event if the embedder is slow."""

from __future__ import annotations

from collections.abc import Sequence

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
    return event._replace(vector=vector.astype(HALF).tobytes(), embedder=embedder.identity)


def is_usable(event: IndexEvent, embedder: BaseEmbedder) -> bool:
    """True if there is a vector for it; otherwise `semantic_reindex` must compute it."""
    return not embedder.slow or event.embedder == embedder.identity


def carried(events: Sequence[IndexEvent]) -> Vectors:
    """Return the vectors that the events carry."""
    # Not at the top: see caching.semantic.embedders.base.
    import numpy as np

    return np.stack([np.frombuffer(event.vector, HALF) for event in events]).astype(np.float32)
