"""The share of wrong pairs by their probability, as the reviews of one scope show it.

The model was fitted on other people's questions: in a scope its log odds of a wrong pair are too low or too high by
about the same shift. Every review is evidence of this shift, so reviews of near misses also show how often served pairs
are wrong. The posterior of the shift is computed on a grid, from a normal prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate

from caching.semantic.scoring.threshold import logit, sigmoid

# Log odds of a wrong pair by those of the model: 0.4 to 1 in seven public sets.
_SLOPE = 0.75
# Mean and deviation of the shift: -0.3 to 1.5 in these sets.
_MEAN, _DEVIATION = 1.0, 1.0
_SHIFTS = [_MEAN + _DEVIATION * step / 10 for step in range(-40, 41)]


class Calibration:
    """The shares of wrong pairs at `rungs`, probabilities in falling order."""

    def __init__(self, rungs: Sequence[float]) -> None:
        self._shares = [[sigmoid(shift - _SLOPE * logit(rung)) for rung in rungs] for shift in _SHIFTS]
        self._logs = [[(math.log(share), math.log(1 - share)) for share in row] for row in self._shares]

    def wrong_shares(self, judged: Sequence[int], wrong: Sequence[int], confidence: float) -> list[float]:
        """Return, by rung, the share that is not exceeded with `confidence`."""
        scores = list(self._log_posterior(judged, wrong))
        most = max(scores)
        sums = list(accumulate(math.exp(score - most) for score in scores))
        at = next(at for at, mass in enumerate(sums) if mass >= confidence * sums[-1])
        return self._shares[at]

    def _log_posterior(self, judged: Sequence[int], wrong: Sequence[int]) -> Iterator[float]:
        counts = [(at, bad, total - bad) for at, (total, bad) in enumerate(zip(judged, wrong, strict=True)) if total]
        for shift, logs in zip(_SHIFTS, self._logs, strict=True):
            prior = -(((shift - _MEAN) / _DEVIATION) ** 2) / 2
            yield prior + sum(bad * logs[at][0] + good * logs[at][1] for at, bad, good in counts)
