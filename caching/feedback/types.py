"""What a judge is asked, and says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caching.pricing.usage import Usage
from caching.semantic.cache import Asked, Match


@dataclass(frozen=True, slots=True)
class Case:
    """An answer that was given, or nearly given, to another question than the one it was made for."""

    asked: Asked
    match: Match
    answer: str
    """What is stored for `match.question`."""
    history: Sequence[Mapping[str, Any]]
    """OpenAI's messages before the question."""
    level: str
    client: str
    ttl: int
    """Seconds that the answer still lives."""
    given: bool = True
    """Whether somebody got the answer: not a near miss, and nothing in shadow mode."""


@dataclass(frozen=True, slots=True)
class Opinion:
    right: bool | None
    """Whether the answer fully answers the question that was asked; None: the judge gave no clear verdict."""
    provider: str
    model: str
    usage: Usage | None
    """What the judge's provider billed; None: it did not say."""


AskModel = Callable[[Case], Opinion]
