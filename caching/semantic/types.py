"""Candidates of a semantic look-up, and the decision about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from caching.semantic.indexes.base import Entry
from caching.semantic.scoring.scope_evidence import place_of

Weighed = Literal["", "more", "other"]


class Candidate(NamedTuple):
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
    weighed: Weighed = ""
    """ "more": one question only says more; "other": words stand in the place of others; "": neither."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Why an answer was reused, or why not."""

    entry: Entry | None
    """None is a miss."""
    tier: str
    """"normalized", "semantic", or "" on a miss."""
    best: Candidate | None
    """The most probable candidate, also where it did not reach the threshold; else the nearest one with its vetoes."""
    threshold: float

    @property
    def place(self) -> int | None:
        """Return the place of the best pair in the evidence of its scope; None for what no threshold decides."""
        best = self.best
        if best is None or best.same or best.vetoes or best.probability == 1.0:
            return None
        return place_of(best.probability, explained=not best.unexplained)
