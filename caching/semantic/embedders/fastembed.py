"""Any text model of the fastembed library (ONNX), on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from caching.semantic.embedders._unit import unit
from caching.semantic.embedders.base import BaseEmbedder, Vectors


class Embedder(BaseEmbedder):
    """Options: MODEL, downloaded at the first use; CACHE_DIR, where it is kept."""

    name = "fastembed"
    slow = True
    library = "fastembed"

    def __init__(self, options: Mapping[str, str]) -> None:
        from fastembed import TextEmbedding

        self.version = options.get("MODEL", "BAAI/bge-small-en-v1.5")
        self._model = TextEmbedding(self.version, cache_dir=options.get("CACHE_DIR"))
        self.dimensions = len(next(iter(self._model.embed(["dimensions"]))))

    def embed(self, texts: Sequence[str]) -> Vectors:
        return unit(np.array(list(self._model.embed(list(texts))), np.float32))
