"""Exact search by matrix product, in this process.

One float32 matrix a scope: a product over consecutive rows reads memory at full speed, and a hard filter costs
nothing. float16 and int8 rows were measured slower at every size, since numpy has no fast product for them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Lock

import numpy as np

from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector


class _Rows:
    """The rows of one scope. Only ever appended to or marked dead, so that readers need no lock."""

    def __init__(self, dimensions: int, capacity: int) -> None:
        self.vectors = np.empty((capacity, dimensions), np.float32)
        self.expires = np.full(capacity, -np.inf)
        self.entries: list[Entry] = []
        self.dead = 0

    @property
    def full(self) -> bool:
        return len(self.entries) == len(self.vectors)

    def append(self, entry: Entry, vector: Vector) -> int:
        row = len(self.entries)
        self.vectors[row] = vector
        self.entries.append(entry)
        self.expires[row] = entry.expires  # last: a reader takes only rows that are alive
        return row

    def kill(self, row: int) -> None:
        self.expires[row] = -np.inf
        self.dead += 1

    def nearest(self, vector: Vector, k: int, now: float) -> list[Neighbour]:
        entries, count = self.entries, len(self.entries)
        scores = self.vectors[:count] @ vector
        scores[self.expires[:count] <= now] = -np.inf
        best = np.argpartition(-scores, k - 1)[:k] if count > k else np.arange(count)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [Neighbour(entries[row], float(scores[row])) for row in ordered if scores[row] > -np.inf]


class Index(BaseIndex):
    def __init__(self, dimensions: int, max_entries: int, made_by: str = "") -> None:
        super().__init__(dimensions, max_entries, made_by)
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

    def search(self, vector: Vector, scope: str, k: int) -> list[Neighbour]:
        rows = self._scopes.get(scope)
        return rows.nearest(vector, k, time.time()) if rows else []

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
        now = time.time()
        live = [row for row in range(len(old.entries)) if old.expires[row] > now] if old else []
        rows = _Rows(self.dimensions, max(4, 2 * len(live)))
        if old:
            for row, entry in enumerate(old.entries):
                if -np.inf < old.expires[row] <= now:
                    self._places.pop(entry.id, None)
            for row in live:
                entry = old.entries[row]
                self._places[entry.id] = (scope, rows.append(entry, old.vectors[row]))
        self._scopes[scope] = rows
        return rows
