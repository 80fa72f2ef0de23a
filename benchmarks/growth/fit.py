"""Name the growth of a cost, and the size at which it bends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Points = Sequence[tuple[float, float]]

# Costs that are apart by less are noise.
ALIKE = 0.15
# Of two that explain them about as well, the simpler one is meant.
NO_BETTER = 0.02
SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda size: size,
    "logarithmic": lambda size: math.log(size) + 1,
    "falls with 1/n": lambda size: 1 / size,
    "quadratic": lambda size: size * size,
}


@dataclass(frozen=True, slots=True)
class Growth:
    name: str
    # Cost at size n: `base + slope * shape(n)`.
    base: float
    slope: float
    # Relative, root mean square.
    error: float


def growth_of(points: Points) -> Growth:
    """Return the simplest growth that explains `points` (size, cost): constant if that is right within ALIKE."""
    constant = _constant(points)
    if constant.error <= ALIKE:
        return constant
    fitted = [_fitted(name, points) for name in SHAPES]
    best = min(growth.error for growth in fitted)
    return next(growth for growth in fitted if growth.error <= best + NO_BETTER)


def doubled_at(points: Points) -> float | None:
    """Return the size at which the cost is twice that of the smallest size, between two points on log scales."""
    twice = 2 * points[0][1]
    for (size, cost), (next_size, next_cost) in pairwise(points):
        if cost < twice <= next_cost:
            share = math.log(twice / cost) / math.log(next_cost / cost)
            return float(size * (next_size / size) ** share)
    return None


def _constant(points: Points) -> Growth:
    # The mean that minimises relative errors.
    base = sum(1 / cost for _, cost in points) / sum(1 / cost**2 for _, cost in points)
    return Growth("constant", base, 0.0, _error(points, lambda _: base))


def _fitted(name: str, points: Points) -> Growth:
    """Least squares of relative errors; neither part may be negative."""
    shape = SHAPES[name]
    rows = np.array([(1 / cost, shape(size) / cost) for size, cost in points])
    base, slope = np.linalg.lstsq(rows, np.ones(len(points)), rcond=None)[0]
    if base < 0:
        base, slope = 0.0, rows[:, 1].sum() / (rows[:, 1] ** 2).sum()
    if slope < 0:
        return _constant(points)
    return Growth(name, float(base), float(slope), _error(points, lambda size: base + slope * shape(size)))


def _error(points: Points, cost_at: Callable[[float], float]) -> float:
    return math.sqrt(sum((cost_at(size) / cost - 1) ** 2 for size, cost in points) / len(points))
