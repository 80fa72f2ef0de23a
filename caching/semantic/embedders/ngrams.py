"""Stems and letter trigrams, hashed: needs no model and reads every script, but knows no synonyms."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from caching.redaction import remember
from caching.semantic.embedders._unit import unit
from caching.semantic.embedders.base import BaseEmbedder, Vectors
from caching.semantic.text.stemming import stem, trigrams


class Embedder(BaseEmbedder):
    name = "ngrams"
    version = "1"

    def __init__(self, options: Mapping[str, str]) -> None:
        self.dimensions = int(options.get("DIMENSIONS", 256))

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for place, value in _hashed(text, self.dimensions):
                row[place] += value
        return unit(vectors)


def _hashed(text: str, dimensions: int) -> Iterator[tuple[int, float]]:
    for word in text.split():
        yield from _word(word, dimensions)


@remember(4096)
def _word(word: str, dimensions: int) -> tuple[tuple[int, float], ...]:
    """A whole stem weighs as much as its trigrams together. The sign comes from the hash, so collisions cancel."""
    grams = trigrams(stem(word))
    weighted = [(stem(word), 1.0), *((gram, 1 / len(grams)) for gram in grams)]
    found = []
    for part, weight in weighted:
        number = zlib.crc32(part.encode())
        found.append((number % dimensions, weight if number & 0x8000_0000 else -weight))
    return tuple(found)
