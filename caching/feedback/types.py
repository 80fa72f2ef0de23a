from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caching.pricing.usage import Usage
from caching.semantic.cache import Match, SemanticQuery


@dataclass(frozen=True, slots=True)
class Case:
    """An answer served, or nearly served, for another question than its own."""

    asked: SemanticQuery
    match: Match
    # The stored answer.
    answer: str
    # Messages before the question, in OpenAI's format.
    history: Sequence[Mapping[str, Any]]
    level: str
    client: str
    # Remaining lifetime of the answer, in seconds.
    ttl: int
    # False for near misses and in shadow mode.
    given: bool = True


@dataclass(frozen=True, slots=True)
class Opinion:
    # None: no clear verdict.
    right: bool | None
    provider: str
    model: str
    # Billed by the reviewing provider; None if unknown.
    usage: Usage | None


AskModel = Callable[[Case], Opinion]
