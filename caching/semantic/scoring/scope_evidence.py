"""The evidence of one scope: how often questions came near a stored one, and what reviews of such pairs said.

A pair that no rule explains is served from a threshold on its probability. A new scope serves none. The threshold
falls to the lowest rung at which the upper confidence bound of the wrong answers per question is within the error
limit of the level, and rises as soon as the estimate is above it. Pure: the service keeps the counts in the database,
`semantic_eval` in memory.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from caching.semantic.scoring.threshold import BUDGETS, wilson

# Probabilities at which a threshold may stand.
RUNGS = (0.98, 0.965, 0.95, 0.935, 0.92, 0.905, 0.89, 0.87, 0.85, 0.82, 0.79, 0.75, 0.7)
# The place of an explained pair; the rungs follow.
EXPLAINED = 0
# Of the standard normal distribution, for 90 %, one-sided: at 95 % the public sets used half of their limits.
_Z = 1.281552
# Reviews without which nothing is loosened.
_LEAST = 5
# Added to the wrong reviews of a rung, twice to all of them.
_DOUBT = 0.1
# Expected of explained pairs until reviews say more: 1 wrong in 50 (0.8 to 5.9 % in the public sets).
_PRIOR_WRONG, _PRIOR = 1, 50
# Reviews of near misses in 100 questions, and rungs below the threshold where they are of use.
_REVIEWS, _REACH = 0.045, 2
_MOST_SCOPES = 10_000


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
    """Questions by the place of their best pair, served or not."""
    judged: list[int] = field(default_factory=_zeros)
    wrong: list[int] = field(default_factory=_zeros)

    def add(self, asked: int, seen: Sequence[int]) -> None:
        self.asked += asked
        self.seen = [sum(pair) for pair in zip(self.seen, seen, strict=True)]

    def review(self, place: int, *, wrong: bool) -> None:
        self.judged[place] += 1
        self.wrong[place] += wrong

    def threshold(self, limit: float) -> float:
        """Return the least probability at which an unexplained pair is served within `limit` wrong per question."""
        spare = limit - self._explained_errors()
        lowest, judged, seen, wrong = 1.0, 0, 0, 0.0
        for at, rung in enumerate(RUNGS, 1):
            judged += self.judged[at]
            seen += self.seen[at]
            # Each rung counts by its questions, not by its reviews; one without any is wrong every other time.
            wrong += self.seen[at] * (self.wrong[at] + _DOUBT) / (self.judged[at] + 2 * _DOUBT)
            if judged < _LEAST or not seen:
                continue
            if wilson(wrong / seen * judged, judged, _Z).high * seen / self.asked > spare:
                break
            lowest = rung
        return lowest

    def refuted(self, limit: float) -> bool:
        """Return True if unexplained pairs of any rung were found wrong more often than `limit` allows."""
        judged, wrong = sum(self.judged[1:]), sum(self.wrong[1:])
        return wrong > 0 and wrong / judged * sum(self.seen[1:]) / max(self.asked, 1) > limit

    def _explained_errors(self) -> float:
        wrong = (self.wrong[EXPLAINED] + _PRIOR_WRONG) / (self.judged[EXPLAINED] + _PRIOR)
        return wrong * self.seen[EXPLAINED] / max(self.asked, 1)

    def standing(self) -> Standing:
        return Standing(
            self.asked,
            sum(self.judged),
            {level: self.threshold(limit) for level, limit in BUDGETS.items()},
            frozenset(level for level, limit in BUDGETS.items() if self.refuted(limit)),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Thresholds of a scope, by its evidence when it was last reviewed."""

    asked: int = 0
    judged: int = 0
    thresholds: dict[str, float] = field(default_factory=dict)
    """By level; 1 serves nothing that is not explained."""
    refuted: frozenset[str] = frozenset()
    """Levels at which the scope's pairs were wrong too often: only its own evidence counts."""

    def threshold(self, level: str, default: float = 1.0) -> float:
        """Return the threshold of unexplained pairs; `default` is that of scopes without reviews."""
        own = self.thresholds.get(level, 1.0)
        return own if level in self.refuted else min(own, default)

    def wants_review(self, place: int | None, level: str, asked: int) -> bool:
        """Return True if a near miss says more of where the threshold belongs; `asked`: questions since then."""
        own = self.thresholds.get(level, 1.0)
        standing = sum(rung >= own for rung in RUNGS)
        enough = self.judged + 1 > max(1, _REVIEWS * (self.asked + asked))
        return not enough and place is not None and place <= standing + _REACH


NEW = Standing()


class ScopeCounts:
    """Questions of each scope by the place of their best pair, until `take`. Shared by threads."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, list[int]]] = {}
        self._lock = Lock()

    def count(self, scope: str, place: int | None) -> None:
        """Beyond `_MOST_SCOPES` those that were asked first are dropped."""
        with self._lock:
            asked, seen = self._counts.get(scope) or (0, _zeros())
            if place is not None:
                seen[place] += 1
            self._counts[scope] = asked + 1, seen
            if len(self._counts) > _MOST_SCOPES:
                del self._counts[next(iter(self._counts))]

    def asked(self, scope: str) -> int:
        return self._counts[scope][0] if scope in self._counts else 0

    def take(self, scope: str) -> tuple[int, list[int]]:
        """Return the counts since the last time, and start again."""
        with self._lock:
            return self._counts.pop(scope, (0, _zeros()))
