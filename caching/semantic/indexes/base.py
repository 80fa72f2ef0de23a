"""The index contract: nearest stored questions within one scope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

# See caching.semantic.embedders.base.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float32]"


# Tuples: a question meets dozens of entries, and a frozen dataclass takes three times as long to make.
class Entry(NamedTuple):
    id: str
    scope: str
    # The question as it was asked, not normalised.
    text: str
    # The id of the entry whose answer this one shares, an alias; empty for an entry with its own.
    answer: str = ""
    # Expiry as Unix time in seconds.
    expires: float = float("inf")

    @property
    def answer_id(self) -> str:
        return self.answer or self.id


class Neighbour(NamedTuple):
    entry: Entry
    # Cosine.
    similarity: float


class BaseIndex(ABC):
    """Subclasses are called `Index`. Safe to search from several threads while others add and remove."""

    # True if all workers share the entries, so that one of them adds an entry for all.
    shared: ClassVar[bool] = False

    def __init__(self, dimensions: int, max_entries: int, made_by: str = "", leading: int = 0) -> None:
        """Beyond `max_entries` those are dropped that were added first, or that end first.

        `made_by` is the identity of the embedder: shared indexes of different ones never meet. `leading`: see
        BaseEmbedder.
        """
        self.dimensions = dimensions
        self.max_entries = max_entries
        self.made_by = made_by
        self.leading = leading

    @abstractmethod
    def add(self, entry: Entry, vector: Vector) -> None:
        """`vector` of length 1. An entry with a known id replaces the old one, in another scope too."""

    def add_all(self, entries: Sequence[Entry], vectors: Vector) -> None:
        """Add many, each with its row of `vectors`, in order."""
        for entry, vector in zip(entries, vectors, strict=True):
            self.add(entry, vector)

    @abstractmethod
    def remove(self, ids: Iterable[str]) -> int:
        """Return the number of removed entries."""

    @abstractmethod
    def search(self, vector: Vector, scope: str, k: int, *, exact: bool = False) -> list[Neighbour]:
        """At most `k` live entries of this scope, the most similar first."""

    def nearest(self, vector: Vector, scope: str, k: int, *, exact: bool = False) -> Iterator[Neighbour]:
        """Yield what `search` returns. Override it where entries cost time and most callers read only the first."""
        yield from self.search(vector, scope, k, exact=exact)

    @abstractmethod
    def ids(self) -> frozenset[str]:
        pass

    @abstractmethod
    def __len__(self) -> int:
        """Entries held, expired ones included until they are dropped."""
