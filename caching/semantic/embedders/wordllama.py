"""WordLlama: static token vectors, averaged. No network, no GPU, 0.03 ms a question.

The files are read straight from the installed package: importing `wordllama` costs about 0.5 s for a downloader and a
validator that are not needed here. Its vectors derive from Llama 2; see docs/semantic.md on the licence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from caching.semantic.embedders import ngrams
from caching.semantic.embedders._unit import unit
from caching.semantic.embedders.base import BaseEmbedder, Vectors

# Llama's vocabulary spells most other scripts letter by letter, so any two Hindi questions come out alike (0.8 and up).
_LATIN_END = "\u024f"
# So many sums are made at once: they and the rows stay in the processor's cache, and a long text delays few others.
TOGETHER = 64

_T = TypeVar("_T")


class Embedder(BaseEmbedder):
    """Texts whose letters are mostly not Latin get `ngrams` vectors instead; guards keep the two kinds apart."""

    name = "wordllama"
    dimensions = 256
    # According to its README it was trained for truncation to 64, 128 and 256 dimensions.
    leading = 64

    def __init__(self, options: Mapping[str, str]) -> None:
        self.version = f"{version('wordllama')}+ngrams{ngrams.Embedder.version}"
        self._tokenizer, self._vectors = _load()
        self._ngrams = ngrams.Embedder({"DIMENSIONS": str(self.dimensions)})

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Any white space counts as one space."""
        latin = [_is_latin(text) for text in texts]
        vectors = self._sums([text.split() if known else [] for text, known in zip(texts, latin, strict=True)])
        if not all(latin):
            foreign = [at for at, known in enumerate(latin) if not known]
            vectors[foreign] = self._ngrams.embed([texts[at] for at in foreign])
        return unit(vectors)

    def leads(self, text: str) -> bool:
        return _is_latin(text)

    def _sums(self, texts: list[list[str]]) -> Vectors:
        """Return the sum of the token vectors of each text, given as its words.

        Each word is read once for all texts: no token of this vocabulary reaches over a space.
        """
        if len(texts) == 1:
            # A batch goes to a pool, which takes 0.1 ms more.
            ids = self._tokenizer.encode(" ".join(texts[0]), add_special_tokens=False).ids
            return self._vectors[ids].sum(axis=0, dtype=np.float32, keepdims=True)
        words, of_texts = _numbered(texts)
        encoded = self._tokenizer.encode_batch(words, add_special_tokens=False)
        tokens, of_words = _numbered([word.ids for word in encoded])
        return _row_sums(_row_sums(self._vectors[tokens].astype(np.float32), of_words), of_texts)


def _numbered(lists: Iterable[Iterable[_T]]) -> tuple[list[_T], list[list[int]]]:
    """Each different item once, and the lists with the place of an item there instead of it."""
    places: dict[_T, int] = {}
    numbered = [[places.setdefault(item, len(places)) for item in items] for items in lists]
    return list(places), numbered


def _row_sums(table: Vectors, chosen: Sequence[Sequence[int]]) -> Vectors:
    """For each of `chosen` the sum of these rows of the table."""
    padded = np.vstack((table, np.zeros(table.shape[1], np.float32)))
    sums = np.zeros((len(chosen), table.shape[1]), np.float32)
    for start in range(0, len(chosen), TOGETHER):
        part = slice(start, start + TOGETHER)
        for rows in zip_longest(*chosen[part], fillvalue=-1):
            sums[part] += padded.take(rows, axis=0)
    return sums


def _is_latin(text: str) -> bool:
    if text.isascii():
        return True
    letters = [char for char in text if char.isalpha()]
    return 2 * sum(char <= _LATIN_END for char in letters) >= len(letters)


@cache
def _load() -> tuple[Any, NDArray[np.float16]]:
    """The tokenizer and the token vectors, shape (32000, 256), once a process."""
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
    return tokenizer, mapped(folder / "weights" / "l2_supercat_256.safetensors", "embedding.weight")


def mapped(path: Path, name: str) -> NDArray[np.float16]:
    """A tensor as it lies in its file, of which all workers share what is read: 16 MB that none has for itself.

    The package safetensors copies what it reads. The format: https://github.com/huggingface/safetensors#format
    Raises ValueError where its numbers are not of half precision.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        about = json.loads(file.read(size))[name]
    if about["dtype"] != "F16":
        raise ValueError(f"{path} has {name} as {about['dtype']}, not as F16")
    start = 8 + size + about["data_offsets"][0]
    # As a plain array: each index into a memmap would make another.
    return np.asarray(np.memmap(path, "<f2", "r", start, tuple(about["shape"])))
