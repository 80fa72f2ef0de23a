"""The evidence of one scope: how often questions came near a stored one, and what reviews of such pairs said.

A pair that no rule explains is served from a threshold on its probability. A new scope serves none. The threshold
falls to the lowest rung at which the upper confidence bound of the wrong answers per question is within `_AIM` of the
error limit of the level, but not beyond a rung with too many wrong pairs, and rises as soon as the bound is above that.
Pure: the service keeps the counts in the database, `semantic_eval` in memory.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot
from threading import Lock

from caching.semantic.scoring.calibration import MIDDLE, Calibration
from caching.semantic.scoring.threshold import ERROR_LIMITS

# Probabilities at which a threshold may stand.
RUNGS = (0.98, 0.965, 0.95, 0.935, 0.92, 0.905, 0.89, 0.87, 0.85, 0.82, 0.79, 0.75, 0.7)
# The place of an explained pair; the rungs follow.
EXPLAINED = 0
# Log odds of -2.3 to -0.5 in the public sets.
_CALIBRATION = Calibration(RUNGS, expected=-0.65)
# Explained pairs have no probability, so one rung is enough. Log odds of -5.0 to -2.8; this is their mean.
_CALIBRATION_EXPLAINED = Calibration([MIDDLE], expected=-3.86)
# One-sided. At 95 % the public sets used half of their limits.
_CONFIDENCE = 0.9
# Share of the error limit that the bound may take up. It is computed after every review, so that at some time it is too
# low by chance more often than the confidence says, and what is served then is not undone.
_AIM = 0.85
# A rung is not worth its hits where more of its pairs are wrong than so many times the error limit, however much of the
# limit is left: one in five at `balanced`.
_WORST = 20
# Reviews of unexplained pairs without which nothing changes.
_LEAST = 5
# Reviews per question of a scope; from this share on, only those of the random sample; and rungs below the threshold
# where reviews are of use.
_MOST, _SELECTED, _REACH = 0.05, 0.047, 2
# Share of the selected reviews that explained pairs and others are each sure of, as far as there are any: reviews of
# the one kind do not narrow the bound of the other.
_SURE = 0.25
_MAX_SCOPES = 10_000


def place_of(probability: float, *, explained: bool) -> int | None:
    """Return the index of the counts that a pair belongs to, or None below all rungs."""
    if explained:
        return EXPLAINED
    at = bisect_left([-rung for rung in RUNGS], -probability)
    return at + 1 if at < len(RUNGS) else None


def _zeros() -> list[int]:
    return [0] * (len(RUNGS) + 1)


@dataclass(slots=True)
class ScopeEvidence:
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

    def standing(self) -> Standing:
        # Questions of another process may be reviewed before they are added; added here, they would count twice.
        seen = [max(pair) for pair in zip(self.seen, self.judged, strict=True)]
        asked, judged = max(self.asked, sum(seen)), sum(self.judged)
        explained = Kind(seen[EXPLAINED], self.judged[EXPLAINED])
        others = Kind(sum(seen[1 : 1 + _REACH]), judged - explained.judged)
        if others.judged < _LEAST:
            return Standing(asked, judged, dict.fromkeys(ERROR_LIMITS, 1.0), explained=explained, others=others)
        counts = seen[1:], self.judged[1:], self.wrong[1:]
        middle, upper = _CALIBRATION.wrong_from_each_rung(*counts, (0.5, _CONFIDENCE))
        wrong, margin = self._wrong_explained(seen[EXPLAINED])
        likely = [wrong + more for more in middle]
        # Margins are added as squares (R. G. Newcombe, Stat. Med. 17, 1998, 873-890): both are hardly exceeded at once.
        most = [wrong + more + hypot(margin, high - more) for more, high in zip(middle, upper, strict=True)]
        last = {level: _last_worthwhile(middle, seen[1:], _WORST * limit) for level, limit in ERROR_LIMITS.items()}
        return Standing(
            asked,
            judged,
            {level: max(last[level], _lowest(most, _AIM * limit * asked)) for level, limit in ERROR_LIMITS.items()},
            {level: max(last[level], _lowest(likely, limit * asked)) for level, limit in ERROR_LIMITS.items()},
            explained,
            others,
        )

    def _wrong_explained(self, seen: int) -> tuple[float, float]:
        """Return the number of `seen` questions that explained pairs answered wrongly, and its margin."""
        counts = [seen], self.judged[:1], self.wrong[:1]
        (middle,), (upper,) = _CALIBRATION_EXPLAINED.wrong_from_each_rung(*counts, (0.5, _CONFIDENCE))
        return middle, upper - middle


def _lowest(wrong: Sequence[float], limit: float) -> float:
    """Return the lowest rung at which no more than `limit` questions are answered wrongly, or 1."""
    return (1.0, *RUNGS)[bisect_right(wrong, limit)]


def _last_worthwhile(wrong: Sequence[float], seen: Sequence[int], share: float) -> float:
    """Return the rung before the first of which more than `share` of the pairs are wrong, or 1 if that is the first.

    `wrong`: the number of wrong pairs from each rung on; `seen`: the number of pairs at each.
    """
    own = [after - before for before, after in pairwise((0.0, *wrong))]
    bad = (at for at, (number, pairs) in enumerate(zip(own, seen, strict=True)) if number > share * pairs)
    return (1.0, *RUNGS)[next(bad, len(RUNGS))]


@dataclass(frozen=True, slots=True)
class Kind:
    """Pairs of a scope that a rule explains, or that none does."""

    seen: int = 0
    """Those worth reviewing in any case: of the unexplained ones, those of the first rungs."""
    judged: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Thresholds of a scope, by its evidence when it was last reviewed."""

    asked: int = 0
    judged: int = 0
    thresholds: dict[str, float] = field(default_factory=dict)
    """By level; 1 serves nothing that is not explained."""
    likely: dict[str, float] = field(default_factory=dict)
    """The same by the expected wrong answers, not their upper bound; 0 before there are enough reviews."""
    explained: Kind = Kind()
    others: Kind = Kind()

    def threshold(self, level: str, default: float = 1.0) -> float:
        """Return the threshold of unexplained pairs; `default` is that of scopes without reviews.

        The default is lowered once the upper bound of wrong answers allows it, and raised once their median exceeds
        the limit.
        """
        return min(self.thresholds.get(level, 1.0), max(default, self.likely.get(level, 0.0)))

    def has_room(self, asked: int, share: float = _MOST) -> bool:
        """Return True if one more review keeps within `share` of the questions, or is the first.

        `asked`: questions since the last review.
        """
        return self.judged + 1 <= max(1, share * (self.asked + asked))

    def wants_review(self, place: int | None, level: str, asked: int) -> bool:
        """Return True if a pair, served or not, says more of where the threshold belongs. `asked`: see `has_room`."""
        own = self.thresholds.get(level, 1.0)
        standing = sum(rung >= own for rung in RUNGS)
        if place is None or place > standing + _REACH or not self.has_room(asked, _SELECTED):
            return False
        return self._leaves_others_theirs(place, asked)

    def _leaves_others_theirs(self, place: int, asked: int) -> bool:
        """Return False if the review is one that the other kind of pairs is sure of."""
        own, other = (self.explained, self.others) if place == EXPLAINED else (self.others, self.explained)
        room = _SELECTED * (self.asked + asked)
        return own.judged + 1 <= max(1, room - min(_SURE * room, other.seen))


NEW = Standing()


class ScopeCounts:
    """Questions of each scope by the place of their best pair, until `take`. Shared by threads."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, list[int]]] = {}
        self._lock = Lock()

    def count(self, scope: str, place: int | None) -> None:
        """Beyond `_MAX_SCOPES` those that were asked first are dropped."""
        with self._lock:
            asked, seen = self._counts.get(scope) or (0, _zeros())
            if place is not None:
                seen[place] += 1
            self._counts[scope] = asked + 1, seen
            if len(self._counts) > _MAX_SCOPES:
                del self._counts[next(iter(self._counts))]

    def asked(self, scope: str) -> int:
        return self._counts[scope][0] if scope in self._counts else 0

    def take(self, scope: str) -> tuple[int, list[int]]:
        """Return the counts since the last time, and start again."""
        with self._lock:
            return self._counts.pop(scope, (0, _zeros()))
