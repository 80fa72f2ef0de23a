"""The share of wrong pairs by their probability, as the reviews of one scope show it.

The model was fitted on other people's questions: in a scope its log odds of a wrong pair are too low or too high, and
they differ less or more between sure and doubtful pairs. Reviews are evidence of both, the shift and the slope, so
reviews of near misses also show how often served pairs are wrong. Their posterior is computed on a grid, from a normal
prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import mul

from caching.semantic.scoring.threshold import logit, sigmoid

# Log odds of a wrong pair by those of the model: 0.5 to 1.3 in the public sets; the steepest is read as 1.2.
_SLOPES = (0.4, 0.6, 0.8, 1.0, 1.2)
_SLOPE, _SLOPE_DEVIATION = 0.75, 0.3
# Where the shift is measured, amid the rungs: there its estimate depends least on the slope.
MIDDLE = 0.9
# Of the shift. The grid reaches from 3.6 deviations below the mean to 5 above.
_DEVIATION = 1.0
_STEPS = range(-18, 26)


class Calibration:
    """The shares of wrong pairs at `rungs`, probabilities in falling order.

    `expected`: the log odds of a wrong pair at `MIDDLE` before any review.
    """

    def __init__(self, rungs: Sequence[float], expected: float) -> None:
        points = [(expected + _DEVIATION * step / 5, slope) for step in _STEPS for slope in _SLOPES]
        middle = logit(MIDDLE)
        self._shares = [[sigmoid(shift - slope * (logit(rung) - middle)) for rung in rungs] for shift, slope in points]
        self._logs = [[(math.log(share), math.log(1 - share)) for share in row] for row in self._shares]
        self._prior = [
            -(((shift - expected) / _DEVIATION) ** 2 + ((slope - _SLOPE) / _SLOPE_DEVIATION) ** 2) / 2
            for shift, slope in points
        ]

    def wrong_from_each_rung(
        self, seen: Sequence[int], judged: Sequence[int], wrong: Sequence[int], confidences: Sequence[float]
    ) -> list[list[float]]:
        """Return, for each confidence and by rung, the number of wrong pairs from this rung on that is not exceeded.

        `seen`, `judged` and `wrong` are numbers of pairs by rung.
        """
        weights = list(self._weights(judged, wrong))
        total = sum(weights)
        sums = [accumulate(map(mul, seen, shares)) for shares in self._shares]
        found: list[list[float]] = [[] for _ in confidences]
        for numbers in zip(*sums, strict=True):
            ordered = sorted(zip(numbers, weights, strict=True))
            masses = list(accumulate(weight for _, weight in ordered))
            for row, confidence in zip(found, confidences, strict=True):
                row.append(next(n for (n, _), mass in zip(ordered, masses, strict=True) if mass >= confidence * total))
        return found

    def _weights(self, judged: Sequence[int], wrong: Sequence[int]) -> Iterator[float]:
        counts = [(at, bad, total - bad) for at, (total, bad) in enumerate(zip(judged, wrong, strict=True)) if total]
        scores = [
            prior + sum(bad * logs[at][0] + good * logs[at][1] for at, bad, good in counts)
            for prior, logs in zip(self._prior, self._logs, strict=True)
        ]
        most = max(scores)
        return (math.exp(score - most) for score in scores)
