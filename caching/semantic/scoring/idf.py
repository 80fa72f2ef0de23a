"""Inverse document frequency, packaged and then learned from the traffic."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from threading import Lock

_MAX_WORDS = 200_000


class Idf:
    """Document counts of words. The start counts as `_START_WEIGHT` of its size, so that own traffic soon prevails."""

    _START_WEIGHT = 0.2

    def __init__(self, start: Mapping[str, int] | None = None, documents: int = 0) -> None:
        """`start` maps a word to the number of questions that it stands in, out of `documents`."""
        self._start = {word: count * self._START_WEIGHT for word, count in (start or {}).items()}
        self._start_documents = documents * self._START_WEIGHT
        self.counts: Counter[str] = Counter()
        self.documents = 0
        self._size = self._sized()
        self._lock = Lock()

    def learn(self, words: Iterable[str]) -> None:
        """One question's words, each once. Beyond `_MAX_WORDS` the rarer half is forgotten."""
        with self._lock:
            self.documents += 1
            self._size = self._sized()
            self.counts.update(words)
            if len(self.counts) > _MAX_WORDS:
                self.counts = Counter(dict(self.counts.most_common(_MAX_WORDS // 2)))

    def weight(self, word: str) -> float:
        """Between 0 (in every question) and 1 (never seen)."""
        documents, most = self._size
        seen = self._start.get(word, 0.0) + self.counts.get(word, 0) + 0.5
        return math.log(documents / seen) / most if seen < documents else 0.0

    def _sized(self) -> tuple[float, float]:
        """Return the number of documents, and the weight of a word that is in none of them."""
        documents = self._start_documents + self.documents + 1
        return documents, math.log(2 * documents)
