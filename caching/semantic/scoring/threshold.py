"""The measured error of a level, and the step of its threshold that follows from it. Pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Wrong answers allowed per question, by level. `quality` serves nothing by probability and has no threshold to move.
ERROR_LIMITS = {"balanced": 0.01, "speed": 0.03}

# Log odds by which a threshold moves at a time: one of 94.0 % goes to 95.3 %.
STEP = 0.25
# Steps above and below the packaged threshold. Up to where hardly anything passes; down only as far as a wrong estimate
# can be afforded, because the packaged one was measured and a lower one is a guess.
MAX_STEPS, MIN_STEPS = 12, -2
# Judgements without which nothing is done. One wrong answer is no evidence; letting more through needs much of it.
TO_TIGHTEN, TO_RELAX = 5, 100

# Of the standard normal distribution, for 95 %, two-sided.
_Z = 1.959964


# The least probability at which a miss is worth a judgement.
NEAR_MISS = 0.3


def logit(probability: float) -> float:
    clipped = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(clipped / (1 - clipped))


def sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        return Interval(self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class LevelEvidence:
    """Verdicts on a random sample of a level's semantic hits."""

    level: str
    judged: int = 0
    wrong: int = 0
    answered: int = 0
    """Questions that were answered so, judged or not."""
    asked: int = 0
    """Questions that no exact entry answered."""

    @property
    def per_hit(self) -> Interval | None:
        """Share of those answers that are wrong, with 95 % confidence; None without a judgement."""
        return wilson(self.wrong, self.judged) if self.judged else None

    @property
    def share(self) -> float | None:
        """Share of the questions that were answered so."""
        return min(1.0, self.answered / self.asked) if self.asked else None

    @property
    def per_question(self) -> Interval | None:
        """The same in wrong answers per question, in which error limits are counted."""
        return None if self.per_hit is None or self.share is None else self.per_hit.times(self.share)

    @property
    def limit(self) -> float | None:
        """The error limit of the level; None for one that serves nothing by probability."""
        return ERROR_LIMITS.get(self.level)

    @property
    def is_above_limit(self) -> bool:
        """Return True if even the lower end of `per_question` is above the limit."""
        measured = self.per_question
        return self.limit is not None and measured is not None and measured.low > self.limit


def wilson(wrong: float, judged: float, z: float = _Z) -> Interval:
    """The score interval of a proportion (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212); 95 % by default."""
    share, square = wrong / judged, z * z
    centre = share + square / (2 * judged)
    margin = z * math.sqrt(share * (1 - share) / judged + square / (4 * judged * judged))
    whole = 1 + square / judged
    return Interval(max(0.0, (centre - margin) / whole), min(1.0, (centre + margin) / whole))


def advise(evidence: LevelEvidence, steps: int) -> int:
    """1: raise the threshold, which stands `steps` above the packaged one; -1: lower it; 0: leave it."""
    limit, measured = evidence.limit, evidence.per_question
    if limit is None or measured is None:
        return 0
    if evidence.is_above_limit and evidence.judged >= TO_TIGHTEN and steps < MAX_STEPS:
        return 1
    if measured.high < limit and evidence.judged >= TO_RELAX and steps > MIN_STEPS:
        return -1
    return 0


def moved(packaged: float, steps: int) -> float:
    """Return the threshold that is `steps` above the packaged one."""
    return sigmoid(logit(packaged) + STEP * steps) if steps else packaged
