"""Where an index gets the vectors of entries from: made on the spot, or kept with the entry where making them is slow.

A provider's embeddings cost money, and a large model's take time. Those vectors travel with the entry in the stream, so
that several workers, and each of them after a restart, do not pay for the same text again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caching.semantic.embedders.base import BaseEmbedder, Vectors
from caching.semantic.indexes.base import Vector
from caching.semantic.replication import Event
from caching.semantic.text.normalize import plain

HALF = "<f2"
"""Half the memory; a cosine changes by less than 0.001."""


def made(embedder: BaseEmbedder, texts: Sequence[str]) -> Vectors:
    """Raises EmbeddingError."""
    return embedder.embed([plain(text) for text in texts])


def carrying(event: Event, vector: Vector, embedder: BaseEmbedder) -> Event:
    """The event with its vector, for workers that could not make it as quickly as they read it."""
    return event._replace(vector=np.asarray(vector, HALF).tobytes(), embedder=embedder.identity)


def is_usable(event: Event, embedder: BaseEmbedder) -> bool:
    """Whether `of` has a vector for it; else `semantic_reindex` has to make one."""
    return not embedder.slow or event.embedder == embedder.identity


def of(events: Sequence[Event], embedder: BaseEmbedder) -> Vectors:
    """Of events that are all usable. Raises EmbeddingError."""
    if embedder.slow:
        return np.stack([np.frombuffer(event.vector, HALF) for event in events]).astype(np.float32)
    return embedder.embed([plain(event.text) for event in events])
