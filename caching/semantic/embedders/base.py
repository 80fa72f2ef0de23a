"""The embedder contract: texts in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

# Importing numpy takes a tenth of the start of a command; those that compute no vector never import it.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"


class EmbeddingError(Exception):
    """No vectors came back. The semantic tier treats it as a miss."""


class BaseEmbedder(ABC):
    """Subclasses are called `Embedder`. Vectors of another name, version or length must never meet in one index."""

    name: str
    version: str
    dimensions: int
    # Number of leading dimensions that suffice for a rough similarity; 0: all are needed.
    leading: int = 0
    # Paid or slow: has a timeout, and its vectors are stored with the entries.
    slow: ClassVar[bool] = False
    # Imported when it is made, and installed by the operator.
    library: ClassVar[str] = ""

    @abstractmethod
    def __init__(self, options: Mapping[str, str]) -> None:
        """`options`: configuration by name, as documented in the subclass; unknown ones are ignored."""

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions), float32, every row of length 1. Raises EmbeddingError."""

    def leads(self, text: str) -> bool:
        """True if `leading` applies to the vector of `text`."""
        return self.leading > 0

    def take_billed(self) -> int:
        """Tokens that a provider billed since this was last called."""
        return 0

    @property
    def identity(self) -> str:
        return f"{self.name}:{self.version}:{self.dimensions}"
