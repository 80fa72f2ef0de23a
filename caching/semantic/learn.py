"""What judged answers teach about the traffic at hand.

A judge (a verifier of served hits, a background check of near misses, a user's feedback) says whether a stored answer
was right. `Workload` corrects probabilities by it and moves the bar, so that the expected share of wrong answers stays
within the level's budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from caching.semantic.scoring.features import NAMES
from caching.semantic.text.analysis import Question, analyse
from caching.semantic.types import Candidate

Signals = Mapping[str, float]

NEAR_MISS = 0.3
"""The least probability at which a miss is worth a judgement."""

_RATE = 0.3
_START = {"bias": 0.5, "support": 0.3, "members": 0.4, "against": -1.5}
"""Weights before any judgement: set by hand near those of a logistic fit on training files, see docs/semantic.md."""
_RELEARNED = (
    *("cosine", "cosine_over_90", "nothing_unmatched", "many_unmatched"),
    *("spelled_alike", "shared_weight", "command", "rarest_in_crowded_scope"),
)
"""Features whose weight depends on the traffic most; the others stay as they were fitted."""
_AT = tuple((f"feature:{name}", NAMES.index(name)) for name in _RELEARNED)
_BIN = 0.25
"""Width of a bin of the log odds."""
_LAST_BIN = 28
_PRIOR = 16.0
"""Judgements that the expected error of a bin counts for."""
_SLOPE = 0.8
"""The best of ten candidates, chosen by what was learned from others, is wrong more often than its probability says:
about as often as if its log odds were multiplied by this (docs/semantic.md)."""
_CAUTION = 0.65
"""The share of the budget that is aimed at: an estimate is not a guarantee."""
_ENOUGH = 50
"""Judgements before which the bar stays."""


def logit(probability: float) -> float:
    clipped = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(clipped / (1 - clipped))


def sigmoid(score: float) -> float:
    return 1 / (1 + math.exp(-score))


def signals(question: Question, best: Candidate, found: Sequence[Candidate]) -> dict[str, float]:
    """What judgements reweigh: features, neighbours that share the answer or do not, the answer, and words."""
    others = [one for one in found if one is not best and not one.vetoes]
    sharing = [one.probability for one in others if one.entry.answer_id == best.entry.answer_id]
    stored = analyse(best.entry.text)
    unmatched = {*question.content, *question.function} ^ {*stored.content, *stored.function}
    shared = [word for word in question.content if word not in unmatched]
    return {
        "bias": 1.0,
        "support": min(sum(sharing), 3.0),
        "members": float(min(len(sharing), 3)),
        "against": max((one.probability for one in others if one.entry.answer_id != best.entry.answer_id), default=0.0),
        f"answer:{best.entry.answer_id}": 1.0,
        **{name: best.row[at] for name, at in _AT},
        **{f"word:{word}": 1.0 for word in unmatched},
        **{f"shared:{word}": 1 / math.sqrt(len(shared)) for word in shared},
    }


@dataclass(slots=True)
class _Bin:
    asked: int = 0
    """Questions whose best candidate fell here."""
    judged: int = 0
    wrong: int = 0

    def error(self, expected: float) -> float:
        """Share of wrong answers: what is expected, outweighed by judgements as they come."""
        return (self.wrong + _PRIOR * expected) / (self.judged + _PRIOR)


@dataclass(slots=True)
class Workload:
    """Weights of signals, corrected by stochastic gradient steps (AdaGrad), and error rates by probability."""

    budget: float
    start_bar: float
    weights: dict[str, float] = field(default_factory=_START.copy)
    squares: dict[str, float] = field(default_factory=dict)
    bins: list[_Bin] = field(default_factory=lambda: [_Bin() for _ in range(_LAST_BIN + 1)])
    questions: int = 0
    judgements: int = 0

    def corrected(self, probability: float, signals: Signals) -> float:
        shift = sum(self.weights.get(name, 0.0) * value for name, value in signals.items())
        return sigmoid(logit(probability) + shift) if 0 < probability < 1 else probability

    def asked(self, probability: float) -> None:
        """Count a question by the corrected probability of its best candidate."""
        self.questions += 1
        self.bins[_bin(probability)].asked += 1

    def judged(self, probability: float, signals: Signals, right: bool) -> None:
        """Learn from a judgement; `probability` before correction."""
        corrected = self.corrected(probability, signals)
        place = self.bins[_bin(corrected)]
        place.judged += 1
        place.wrong += not right
        self.judgements += 1
        surprise = right - corrected
        for name, value in signals.items():
            step = surprise * value
            self.squares[name] = self.squares.get(name, 1.0) + step * step
            self.weights[name] = self.weights.get(name, 0.0) + _RATE * step / math.sqrt(self.squares[name])

    @property
    def bar(self) -> float:
        """The lowest probability down to which the expected errors fit the budget; at first `start_bar`."""
        if self.judgements < _ENOUGH:
            return self.start_bar
        wrong = 0.0
        for at in range(_LAST_BIN, 0, -1):
            expected = 1 - sigmoid((at + 0.5) * _BIN * _SLOPE)
            wrong += self.bins[at].asked * self.bins[at].error(expected)
            if wrong > self.budget * _CAUTION * self.questions:
                return sigmoid((at + 1) * _BIN)
        return 0.5


def _bin(probability: float) -> int:
    return max(0, min(_LAST_BIN, int(logit(probability) / _BIN)))
