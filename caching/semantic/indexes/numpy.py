"""Search by matrix product, in this process.

float32 rows, a matrix of them for each scope: a product over consecutive rows reads memory at full speed, and a hard
filter costs nothing. float16 and int8 rows were measured slower at every size: numpy has no fast product for them.

What takes the time is to read the memory. Where the embedder's first dimensions tell roughly how near two texts are
(Kusupati et al. 2022, Matryoshka Representation Learning), a large scope is searched in two steps: by those of all
rows, then by the rest of the best ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector

EXACT_UP_TO = 8192
"""Rows of a scope up to which all of them are compared: a product over 10,000 takes 0.43 ms, little to save from."""
CANDIDATES, SHARE = 512, 64
"""Rows that come into the second step: one in SHARE, and never fewer than CANDIDATES. With the first 64 dimensions of
wordllama, among 29,125 questions of banking77, clinc150, fb, snips and slurp, the nearest to each of 1,000 others was
always one of 512, and so were 99.5 % of the ten nearest.
"""


class _Rows:
    """The rows of one scope. Only ever appended to or marked dead, so that readers need no lock."""

    def __init__(self, dimensions: int, leading: int, capacity: int) -> None:
        self.leading = np.empty((capacity, leading), np.float32)
        self.rest = np.empty((capacity, dimensions - leading), np.float32)
        self.expires = np.full(capacity, -np.inf)
        self.entries: list[Entry] = []
        self.dead = 0

    @property
    def full(self) -> bool:
        return len(self.entries) == len(self.expires)

    def append(self, entry: Entry, vector: Vector) -> int:
        row = len(self.entries)
        cut = self.leading.shape[1]
        self.leading[row], self.rest[row] = vector[:cut], vector[cut:]
        self.entries.append(entry)
        self.expires[row] = entry.expires  # last: a reader takes only rows that are alive
        return row

    def kill(self, row: int) -> None:
        self.expires[row] = -np.inf
        self.dead += 1

    def extend(self, old: _Rows, chosen: NDArray[np.intp]) -> None:
        """Begin with these rows of another one."""
        count = len(chosen)
        self.entries = [old.entries[row] for row in chosen]
        for own, theirs in ((self.leading, old.leading), (self.rest, old.rest), (self.expires, old.expires)):
            np.take(theirs, chosen, axis=0, out=own[:count])

    def nearest(self, vector: Vector, k: int, now: float, *, exact: bool) -> list[Neighbour]:
        entries, count = self.entries, len(self.entries)
        cut = self.leading.shape[1]
        scores = self.leading[:count] @ vector[:cut]
        scores[self.expires[:count] <= now] = -np.inf
        if exact or count <= EXACT_UP_TO:
            rows = np.arange(count)
            scores += self.rest[:count] @ vector[cut:]
        else:
            rows = _largest(scores, max(CANDIDATES, count // SHARE, k))
            scores = scores[rows] + self.rest[rows] @ vector[cut:]
        best = _largest(scores, k)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [Neighbour(entries[rows[at]], float(scores[at])) for at in ordered if scores[at] > -np.inf]


def _largest(scores: Vector, k: int) -> NDArray[np.intp]:
    """Where the `k` largest are, in any order."""
    return np.argpartition(scores, len(scores) - k)[-k:] if len(scores) > k else np.arange(len(scores))


class Index(BaseIndex):
    def __init__(self, dimensions: int, max_entries: int, made_by: str = "", leading: int = 0) -> None:
        super().__init__(dimensions, max_entries, made_by, leading)
        self._scopes: dict[str, _Rows] = {}
        self._places: dict[str, tuple[str, int]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._places)

    def ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._places)

    def add(self, entry: Entry, vector: Vector) -> None:
        if vector.shape != (self.dimensions,):
            raise ValueError(f"a vector of shape {vector.shape} does not fit an index of {self.dimensions} dimensions")
        with self._lock:
            self._remove(entry.id)
            while len(self._places) >= self.max_entries:
                self._remove(next(iter(self._places)))
            rows = self._scopes.get(entry.scope)
            if rows is None or rows.full:
                rows = self._rebuilt(entry.scope, rows)
            self._places[entry.id] = (entry.scope, rows.append(entry, vector))

    def remove(self, ids: Iterable[str]) -> int:
        with self._lock:
            return sum(self._remove(entry_id) for entry_id in ids)

    def search(self, vector: Vector, scope: str, k: int, *, exact: bool = False) -> list[Neighbour]:
        rows = self._scopes.get(scope)
        return rows.nearest(vector, k, time.time(), exact=exact or not self.leading) if rows else []

    def _remove(self, entry_id: str) -> bool:
        scope, row = self._places.pop(entry_id, ("", -1))
        if row < 0:
            return False
        rows = self._scopes[scope]
        rows.kill(row)
        if rows.dead == len(rows.entries):
            del self._scopes[scope]
        elif rows.dead > 64 and 2 * rows.dead > len(rows.entries):
            self._rebuilt(scope, rows)
        return True

    def _rebuilt(self, scope: str, old: _Rows | None) -> _Rows:
        """The live rows in a new matrix with room for as many again; readers of the old one are not disturbed."""
        if old is None:
            rows = _Rows(self.dimensions, self.leading, 4)
        else:
            ends, now = old.expires[: len(old.entries)], time.time()
            for row in np.flatnonzero((ends > -np.inf) & (ends <= now)):
                self._places.pop(old.entries[row].id, None)
            live = np.flatnonzero(ends > now)
            rows = _Rows(self.dimensions, self.leading, max(4, 2 * len(live)))
            rows.extend(old, live)
            self._places.update((entry.id, (scope, row)) for row, entry in enumerate(rows.entries))
        self._scopes[scope] = rows
        return rows
