"""WordLlama: static token vectors, averaged. No network, no GPU, 0.03 ms a question.

The files are read straight from the installed package: importing `wordllama` costs about 0.5 s for a downloader and a
validator that are not needed here. Its vectors derive from Llama 2; see docs/semantic.md on the licence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caching.semantic.embedders import ngrams
from caching.semantic.embedders.base import BaseEmbedder, Vectors, unit

# Llama's vocabulary spells most other scripts letter by letter, so any two Hindi questions come out alike (0.8 and up).
_LATIN_END = "\u024f"


class Embedder(BaseEmbedder):
    """Texts whose letters are mostly not Latin get `ngrams` vectors instead; guards keep the two kinds apart."""

    name = "wordllama"
    dimensions = 256
    leading = 64
    """It was trained to be cut off at 64, 128 and 256 dimensions, by its README."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.version = f"{version('wordllama')}+ngrams{ngrams.Embedder.version}"
        self._tokenizer, self._vectors = _load()
        self._ngrams = ngrams.Embedder({"DIMENSIONS": str(self.dimensions)})

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        foreign = [at for at, text in enumerate(texts) if not _is_latin(text)]
        tokens = [encoded.ids for encoded in self._encoded(texts)]
        known = [at for at, ids in enumerate(tokens) if ids]
        if known:
            lengths = np.array([len(tokens[at]) for at in known])
            rows = self._vectors[np.concatenate([tokens[at] for at in known])].astype(np.float32)
            sums = np.add.reduceat(rows, np.cumsum(lengths) - lengths, axis=0)
            vectors[known] = sums / lengths[:, np.newaxis].astype(np.float32)
        if foreign:
            vectors[foreign] = self._ngrams.embed([texts[at] for at in foreign])
        return unit(vectors)

    def leads(self, text: str) -> bool:
        return _is_latin(text)

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        """One text alone is encoded in this thread: a batch goes to a pool, which takes 0.1 ms more."""
        if len(texts) == 1:
            return [self._tokenizer.encode(texts[0], add_special_tokens=False)]
        return list(self._tokenizer.encode_batch(texts, add_special_tokens=False))


def _is_latin(text: str) -> bool:
    if text.isascii():
        return True
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char <= _LATIN_END for char in letters) >= len(letters)


@cache
def _load() -> tuple[Any, NDArray[np.float16]]:
    """The tokenizer and the token vectors as they are stored, shape (32000, 256), once a process: 16 MB."""
    from safetensors import safe_open
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ImportError("the embedder wordllama needs: pip install wordllama")
    folder = Path(spec.origin).parent
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # It remembers whole texts, 45 MB of them in its threads, and hardly meets one again.
    tokenizer.model._resize_cache(0)
    with safe_open(folder / "weights" / "l2_supercat_256.safetensors", "np") as file:
        vectors = file.get_tensor("embedding.weight")
    return tokenizer, vectors
