"""The density of a scope: the share of near neighbours that are different questions.

Where guards refuse most near neighbours, stored questions differ by single figures, dates and names, and a word that
no table knows is likely to matter too. Where they refuse few, people say one thing in many ways. No label is needed:
the share is 0.25 to 0.3 in public sets labelled by intent, and 0.45 to 0.75 in those whose labels hold every detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from caching.semantic.indexes.base import Neighbour
from caching.semantic.scoring.threshold import logit, sigmoid

# Below this similarity a refused neighbour says nothing about how crowded the surroundings are.
_NEAR = 0.7
_START = 0.5
# Questions' worth of trust in the start, which is on the careful side.
_START_WEIGHT = 20
# By `Candidate.weighed`: log odds above the threshold, the share up to which people say one thing in many ways, and the
# log odds by which the threshold for unexplained words rises with the share beyond it: 0.1 is 0.8, or 2.0.
_CAUTION = {"more": (0.0, 0.35, 8.0), "other": (0.5, 0.28, 20.0)}
# Questions with near neighbours before a scope has shown anything.
_SHOWN = 30
_MAX_SCOPES = 10_000


class Scopes:
    """Share of near neighbours that a guard refused in each scope, as the mean of its questions."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def crowding(self, scope: str) -> float:
        total, count = self._seen.get(scope, (0.0, 0))
        return (total + _START * _START_WEIGHT) / (count + _START_WEIGHT)

    def weighing(self, scope: str, threshold: float) -> dict[str, float]:
        """Return the least probabilities at which unexplained words may be served, by `Candidate.weighed`.

        `threshold` or a little above it where people say one thing in many ways, more where questions stand close
        together; nothing in a scope that is new.
        """
        if self._seen.get(scope, (0.0, 0))[1] < _SHOWN:
            return {}
        crowding, start = self.crowding(scope), logit(threshold)
        return {
            kind: sigmoid(start + margin + caution * max(0.0, crowding - forgiving))
            for kind, (margin, forgiving, caution) in _CAUTION.items()
        }

    def learn(self, scope: str, near: Sequence[Neighbour], objections: Sequence[Sequence[str]]) -> None:
        """Beyond `_MAX_SCOPES` those that were first seen start again."""
        close = [bool(found) for one, found in zip(near, objections, strict=True) if one.similarity > _NEAR]
        if not close:
            return
        with self._lock:
            total, count = self._seen.get(scope, (0.0, 0))
            self._seen[scope] = (total + sum(close) / len(close), count + 1)
            if len(self._seen) > _MAX_SCOPES:
                del self._seen[next(iter(self._seen))]
