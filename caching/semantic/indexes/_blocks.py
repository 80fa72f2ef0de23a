"""Entries of one scope as columns, so that one product can read all their vectors.

Beside its vector and its text an entry takes about 180 bytes; as an object with an id and a place of its own it took
four times as much.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caching import keys
from caching.semantic.indexes.base import Entry, Vector

# Contiguous memory, moved when it grows.
TEXTS = 1024

Packed = int | str
_OWN = re.compile(rf"{keys.EXACT}:([0-9a-f]{{64}})")


def packed(entry_id: str) -> Packed:
    """An id in half the memory where it is the key of an answer; any other stays as it is."""
    own = _OWN.fullmatch(entry_id)
    return int(own[1], 16) if own else entry_id


def unpacked(entry_id: Packed) -> str:
    return f"{keys.EXACT}:{entry_id:064x}" if isinstance(entry_id, int) else entry_id


class _Texts:
    """Texts one after another: as objects, short ones take twice as much."""

    def __init__(self) -> None:
        self._pieces: list[bytearray] = []
        self._ends = array("I")

    def append(self, text: str) -> None:
        if len(self._ends) % TEXTS == 0:
            self._pieces.append(bytearray())
        self._pieces[-1] += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._pieces[-1]))

    def __getitem__(self, row: int) -> str:
        start = self._ends[row - 1] if row % TEXTS else 0
        return self._pieces[row // TEXTS][start : self._ends[row]].decode("utf-8", "surrogatepass")


class Block:
    """Rows are only ever appended, up to a fixed capacity, or marked dead, so that readers need no lock."""

    def __init__(self, number: int, scope: str, capacity: int, dimensions: int, leading: int) -> None:
        self.number = number
        self.scope = scope
        self.capacity = capacity
        self.dead = 0
        self.ids: list[Packed] = []
        self._leading = np.empty((capacity, leading), np.float32)
        self._rest = np.empty((capacity, dimensions - leading), np.float32)
        self._expires = np.full(capacity, -np.inf)
        self._texts = _Texts()
        self._answers: dict[int, str] = {}

    @property
    def room(self) -> int:
        return self.capacity - len(self.ids)

    @property
    def alive(self) -> int:
        return len(self.ids) - self.dead

    def append(self, ids: Sequence[Packed], entries: Sequence[Entry], vectors: Vector) -> range:
        """The rows in which they are now; there must be room for them."""
        rows = range(len(self.ids), len(self.ids) + len(ids))
        cut = self._leading.shape[1]
        self._leading[rows.start : rows.stop] = vectors[:, :cut]
        self._rest[rows.start : rows.stop] = vectors[:, cut:]
        for row, entry in zip(rows, entries, strict=True):
            self._texts.append(entry.text)
            if entry.answer:
                self._answers[row] = entry.answer
        self.ids += ids
        # Last: a reader takes only rows that are alive.
        self._expires[rows.start : rows.stop] = [entry.expires for entry in entries]
        return rows

    def kill(self, row: int) -> None:
        self._expires[row] = -np.inf
        self.dead += 1

    def expired(self, now: float) -> list[int]:
        """Rows that are not dead yet."""
        ends = self._expires[: len(self.ids)]
        return np.flatnonzero((ends > -np.inf) & (ends <= now)).tolist()

    def living(self) -> list[int]:
        return np.flatnonzero(self._expires[: len(self.ids)] > -np.inf).tolist()

    def vectors(self, rows: list[int]) -> Vector:
        return np.hstack((self._leading[rows], self._rest[rows]))

    def entry(self, row: int) -> Entry:
        expires, answer = float(self._expires[row]), self._answers.get(row, "")
        return Entry(unpacked(self.ids[row]), self.scope, self._texts[row], answer, expires)

    def first_scores(self, vector: Vector, count: int, now: float) -> Vector:
        """Score the first `count` rows by the leading dimensions alone; -inf for expired ones."""
        scores: Vector = self._leading[:count] @ vector[: self._leading.shape[1]]
        scores[self._expires[:count] <= now] = -np.inf
        return scores

    def rest_scores(self, vector: Vector, rows: slice | NDArray[np.intp]) -> Vector:
        """Return the other dimensions' share of the scores."""
        scores: Vector = self._rest[rows] @ vector[self._leading.shape[1] :]
        return scores
