"""Any model of the sentence-transformers library, on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from caching.semantic.embedders._unit import unit
from caching.semantic.embedders.base import BaseEmbedder, Vectors


class Embedder(BaseEmbedder):
    """Options: MODEL, a name or a folder; a name is downloaded at the first use."""

    name = "sentence_transformers"
    slow = True
    library = "sentence_transformers"

    def __init__(self, options: Mapping[str, str]) -> None:
        from sentence_transformers import SentenceTransformer

        self.version = options.get("MODEL", "sentence-transformers/all-MiniLM-L6-v2")
        self._model = SentenceTransformer(self.version)
        self.dimensions = int(self._model.get_sentence_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vectors:
        return unit(np.asarray(self._model.encode(list(texts), show_progress_bar=False), np.float32))
