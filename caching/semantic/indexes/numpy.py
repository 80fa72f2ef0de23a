"""Search by matrix product, in this process.

float32 rows, in matrices of their own for each scope: a product over consecutive rows reads memory at full speed, and a
hard filter costs nothing. float16 and int8 rows were measured slower at every size: numpy has no fast product for them.

What takes the time is to read the memory. Where the embedder's first dimensions tell roughly how near two texts are
(Kusupati et al. 2022, Matryoshka Representation Learning), a large scope is searched in two steps: by those of all
rows, then by the rest of the best ones.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, count, islice
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from caching.semantic.indexes._blocks import Block, Packed, packed, unpacked
from caching.semantic.indexes.base import BaseIndex, Entry, Neighbour, Vector

# Of the largest block. It takes memory only as it fills, and from 16,384 on its vectors lie in large pages, of which
# the first step reads a fifth more in the same time.
ROWS = 65_536
# Rows of a block up to which it is copied into one of twice its size when it is full. A larger one stays, and the next
# is AHEAD times as large as all before.
COPIED = 256
AHEAD = 8
# Dead rows tolerated in any block.
MAX_DEAD = 64
# Rows of a scope up to which all of them are compared: a product over 10,000 takes 0.43 ms, little to save from.
EXACT_UP_TO = 8192
# Rows that come into the second step: one in SHARE, and never fewer than CANDIDATES. With the first 64 dimensions of
# wordllama, among 29,125 questions of banking77, clinc150, fb, snips and slurp, the nearest to each of 1,000 others was
# always one of 512, and so were 99.5 % of the ten nearest.
CANDIDATES, SHARE = 512, 64
# Scores of which the best stands for all when the largest are looked for.
GROUP = 8


class Index(BaseIndex):
    def __init__(self, dimensions: int, max_entries: int, made_by: str = "", leading: int = 0) -> None:
        super().__init__(dimensions, max_entries, made_by, leading)
        self._scopes: dict[str, tuple[Block, ...]] = {}
        self._blocks: dict[int, Block] = {}
        self._numbers = count()
        # Number of the block, times ROWS, and row; the oldest first.
        self._places: dict[Packed, int] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._places)

    def ids(self) -> frozenset[str]:
        with self._lock:
            return frozenset(map(unpacked, self._places))

    def add(self, entry: Entry, vector: Vector) -> None:
        self.add_all([entry], vector[np.newaxis])

    def add_all(self, entries: Sequence[Entry], vectors: Vector) -> None:
        if vectors.shape != (len(entries), self.dimensions):
            raise ValueError(f"vectors of shape {vectors.shape} do not fit an index of {self.dimensions} dimensions")
        latest = {packed(entry.id): at for at, entry in enumerate(entries)}
        scopes: dict[str, dict[Packed, int]] = {}
        for entry_id, at in islice(latest.items(), max(0, len(latest) - self.max_entries), None):
            scopes.setdefault(entries[at].scope, {})[entry_id] = at
        with self._lock:
            self._remove(latest)
            self._remove(list(islice(self._places, max(0, len(self._places) + len(latest) - self.max_entries))))
            for scope, chosen in scopes.items():
                rows = list(chosen.values())
                self._append(scope, list(chosen), [entries[row] for row in rows], vectors[rows])

    def remove(self, ids: Iterable[str]) -> int:
        with self._lock:
            return self._remove(map(packed, ids))

    def search(self, vector: Vector, scope: str, k: int, *, exact: bool = False) -> list[Neighbour]:
        return list(self.nearest(vector, scope, k, exact=exact))

    def nearest(self, vector: Vector, scope: str, k: int, *, exact: bool = False) -> Iterator[Neighbour]:
        blocks = self._scopes.get(scope)
        return _nearest(blocks, vector, k, exact=exact or not self.leading) if blocks else iter(())

    def _append(self, scope: str, ids: list[Packed], entries: list[Entry], vectors: Vector) -> None:
        done = 0
        while done < len(ids):
            block = self._with_room(scope, len(ids) - done)
            part = slice(done, done + block.room)
            self._put(block, ids[part], entries[part], vectors[part])
            done = part.stop

    def _put(self, block: Block, ids: list[Packed], entries: list[Entry], vectors: Vector) -> None:
        rows = block.append(ids, entries, vectors)
        self._places.update(zip(ids, (block.number * ROWS + row for row in rows), strict=True))

    def _remove(self, ids: Iterable[Packed]) -> int:
        places = [self._places.pop(one) for one in ids if one in self._places]
        touched: set[Block] = set()
        for place in places:
            number, row = divmod(place, ROWS)
            self._blocks[number].kill(row)
            touched.add(self._blocks[number])
        for block in touched:
            if not block.alive:
                self._drop(block)
            elif block.dead > max(MAX_DEAD, block.alive):
                self._merge(block.scope, [block], 2 * block.alive)
        return len(places)

    def _drop(self, block: Block) -> None:
        del self._blocks[block.number]
        others = tuple(other for other in self._scopes[block.scope] if other is not block)
        if others:
            self._scopes[block.scope] = others
        else:
            del self._scopes[block.scope]

    def _with_room(self, scope: str, wanted: int) -> Block:
        """A block of this scope that is not full, with room for all that is wanted where it may grow so large."""
        blocks = self._scopes.get(scope, ())
        for block in reversed(blocks):
            if block.room:
                return block
        self._kill_expired(blocks)
        small = [block for block in blocks if block.alive <= COPIED]
        copied, held = _alive(small), _alive(blocks)
        return self._merge(scope, small, max(2 * copied, copied + wanted, AHEAD * (held - copied)))

    def _kill_expired(self, blocks: Iterable[Block]) -> None:
        now = time.time()
        for block in blocks:
            for row in block.expired(now):
                del self._places[block.ids[row]]
                block.kill(row)

    def _merge(self, scope: str, old: list[Block], capacity: int) -> Block:
        """A new block with what lives in the old ones, which go; a search sees all of them or it alone."""
        new = Block(next(self._numbers), scope, min(capacity, ROWS), self.dimensions, self.leading)
        for block in old:
            rows = block.living()
            self._put(new, [block.ids[row] for row in rows], [block.entry(row) for row in rows], block.vectors(rows))
            del self._blocks[block.number]
        self._blocks[new.number] = new
        self._scopes[scope] = (*(block for block in self._scopes.get(scope, ()) if block not in old), new)
        return new


def _alive(blocks: Iterable[Block]) -> int:
    return sum(block.alive for block in blocks)


def _nearest(blocks: Sequence[Block], vector: Vector, k: int, *, exact: bool) -> Iterator[Neighbour]:
    """Rows are numbered through all blocks, as many as there are now: others may be appended meanwhile."""
    now = time.time()
    counts = [len(block.ids) for block in blocks]
    starts = [0, *accumulate(counts)]
    scores = np.concatenate([block.first_scores(vector, n, now) for block, n in zip(blocks, counts, strict=True)])
    if exact or len(scores) <= EXACT_UP_TO:
        rows = np.arange(len(scores))
        scores += np.concatenate([block.rest_scores(vector, slice(n)) for block, n in zip(blocks, counts, strict=True)])
    else:
        rows = _largest(scores, max(CANDIDATES, len(scores) // SHARE, k))
        scores = scores[rows]
        edges = np.searchsorted(rows, starts).tolist()
        for block, start, part in zip(blocks, starts, map(slice, edges, edges[1:]), strict=False):
            scores[part] += block.rest_scores(vector, rows[part] - start)
    best = _largest(scores, k)
    best = best[np.argsort(-scores[best], kind="stable")[:k]]
    for row, score in zip(rows[best].tolist(), scores[best].tolist(), strict=True):
        which = bisect_right(starts, row) - 1
        entry = blocks[which].entry(row - starts[which])
        # Else it was dead, or has just died.
        if entry.expires > now:
            yield Neighbour(entry, score)


def _largest(scores: Vector, k: int) -> NDArray[np.intp]:
    """Return the positions of the `k` largest scores and perhaps a few more, ascending; never one of an expired row.

    No less than `k` reach what the k-th best of groups reaches. To look among groups takes a fifth of the time.
    """
    groups = len(scores) // GROUP
    if k > groups:
        return np.flatnonzero(scores > -np.inf)
    best = scores[: groups * GROUP].reshape(GROUP, groups).max(axis=0)
    return np.flatnonzero(scores >= max(np.partition(best, groups - k)[groups - k], np.finfo(np.float32).min))
