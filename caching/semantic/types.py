"""Candidates of a semantic look-up, and the decision about them."""

from __future__ import annotations

from dataclasses import dataclass

from caching.semantic.indexes.base import Entry


@dataclass(frozen=True, slots=True)
class Candidate:
    entry: Entry
    text: str
    """The entry's question, normalised."""
    similarity: float
    unexplained: tuple[str, ...]
    """Differences that no rule of the lexicon explains; with none the answer may be reused."""
    vetoes: tuple[str, ...]
    """Unexplained differences that no evidence outweighs."""
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
