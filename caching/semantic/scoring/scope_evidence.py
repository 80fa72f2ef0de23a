"""The evidence of one scope: how often questions came near a stored one, and what reviews of such pairs said.

A pair that no rule explains is served from a threshold on its probability. A new scope serves none. The threshold
falls to the lowest rung at which the upper confidence bound of the wrong answers per question is within the error
limit of the level, and rises as soon as what is known is above it. Pure: the service keeps the counts in the
database, `semantic_eval` in memory.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from caching.semantic.scoring.threshold import wilson

# Probabilities at which a threshold may stand.
RUNGS = (0.98, 0.965, 0.95, 0.935, 0.92, 0.905, 0.89, 0.87, 0.85, 0.82, 0.79, 0.75, 0.7)
# The place of an explained pair; the rungs follow, and pairs below all of them have none.
EXPLAINED = 0
# Of the standard normal distribution, for 90 %, one-sided.
_Z = 1.281552
# Reviews without which nothing is loosened.
_LEAST = 10
# What is expected of explained pairs until reviews say more: 1 wrong in 50 (0.8 to 5.9 % in public sets).
_PRIOR_WRONG, _PRIOR = 1.0, 50.0


def place_of(probability: float, *, explained: bool) -> int | None:
    """Return the index of the counts that a pair belongs to, or None below all rungs."""
    if explained:
        return EXPLAINED
    at = bisect_left([-rung for rung in RUNGS], -probability)
    return at + 1 if at < len(RUNGS) else None


def _zeros() -> list[int]:
    return [0] * (len(RUNGS) + 1)


@dataclass(slots=True)
class Evidence:
    asked: int = 0
    """Questions that no exact entry answered."""
    seen: list[int] = field(default_factory=_zeros)
    """By place: questions whose best pair stood there, served or not."""
    judged: list[int] = field(default_factory=_zeros)
    wrong: list[int] = field(default_factory=_zeros)

    def ask(self, place: int | None) -> None:
        self.asked += 1
        if place is not None:
            self.seen[place] += 1

    def review(self, place: int, *, wrong: bool) -> None:
        self.judged[place] += 1
        self.wrong[place] += wrong

    def threshold(self, limit: float, default: float = 1.0) -> float:
        """Return the least probability at which an unexplained pair is served within `limit` wrong per question."""
        spare = limit - self._explained_errors()
        loosest = default
        for last in range(1, len(RUNGS) + 1):
            judged, wrong = sum(self.judged[1 : last + 1]), sum(self.wrong[1 : last + 1])
            share = sum(self.seen[1 : last + 1]) / max(self.asked, 1)
            if judged >= _LEAST and wilson(wrong, judged, _Z).high * share <= spare:
                loosest = min(loosest, RUNGS[last - 1])
            elif wrong > 1 and wrong / judged * share > spare and RUNGS[last - 1] >= loosest:
                return RUNGS[last - 2] if last > 1 else 1.0
        return loosest

    def _explained_errors(self) -> float:
        wrong = (self.wrong[EXPLAINED] + _PRIOR_WRONG) / (self.judged[EXPLAINED] + _PRIOR)
        return wrong * self.seen[EXPLAINED] / max(self.asked, 1)
