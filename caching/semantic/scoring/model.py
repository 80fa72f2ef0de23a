"""The probability that a stored answer is right, and the threshold that it must reach at each level.

A logistic model over `features.NAMES`, fitted by `benchmarks/semantic/fit.py` and packaged as `parameters.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path

from caching.semantic.scoring.features import NAMES
from caching.semantic.scoring.idf import Idf

PARAMETERS = Path(__file__).with_name("parameters.json")


@dataclass(frozen=True, slots=True)
class Model:
    bias: float
    # In the order of `features.NAMES`.
    weights: tuple[float, ...]
    # By level, none for `quality`: `balanced` for 1 wrong answer per 100 questions, `speed` for 3.
    thresholds: Mapping[str, float]

    def probability(self, row: Sequence[float]) -> float:
        score = self.bias + sum(map(mul, self.weights, row))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@cache
def _packaged() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    return found


def packaged_model() -> Model:
    """Raises ValueError where the file was fitted for other features than the code computes."""
    found = _packaged()
    if tuple(found["weights"]) != NAMES:
        raise ValueError(f"{PARAMETERS.name} does not hold the features of this version: fit it again")
    return Model(found["bias"]["bias"], tuple(found["weights"].values()), found["thresholds"])


def packaged_idf() -> Idf:
    """A new table with the packaged start."""
    found = _packaged()
    return Idf({word: int(count) for word, count in found["idf"].items()}, int(found["documents"]["documents"]))
