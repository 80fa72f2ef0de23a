"""What the path of a question hands on: stored questions that came near, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from caching.semantic.indexes.base import Entry


@dataclass(frozen=True, slots=True)
class Candidate:
    entry: Entry
    text: str
    """The entry's question, normalised."""
    similarity: float
    vetoes: tuple[str, ...]
    row: tuple[float, ...]
    """Features; empty where a guard objected."""
    probability: float
    """That the entry's answer is right; 0 where a guard objected."""
    same: bool
    """Equal once normalised."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an answer was reused, or why not."""

    entry: Entry | None
    """None is a miss."""
    tier: str
    """"normalized", "semantic", or "" on a miss."""
    best: Candidate | None
    """The most probable candidate, also where it did not reach the bar; else the nearest one with its vetoes."""
    bar: float
    signals: Mapping[str, float] = field(default_factory=dict)
    """What a judgement of `best` teaches; empty where no workload is kept."""
