"""What a caller of the cache gets back beside the value itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from caching.usage import Usage

T = TypeVar("T")
Status = Literal["hit", "miss", "bypass"]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    value: T
    status: Status
    """`bypass`: not looked up, because the caller asked for a new answer or the cache is off or away."""
    key: str
    age: int = 0
    """Whole seconds since the value was made."""
    ttl: int = 0
    """Whole seconds that the entry still lives; 0 when nothing is stored."""
    stored: bool = False
    match: Literal["", "exact", "semantic"] = ""
    billed: Usage | None = None
    """Speech: what the provider billed; for a hit, what it had billed. None: it did not say."""
    served: Usage = Usage()  # noqa: RUF009 (frozen)
    """Speech: the sentences that came from the cache in a request that is no hit."""


class NothingCached(LookupError):
    """`only_if_cached` was asked for and there is no entry that the caller accepts."""
