"""Naming of growth in benchmarks.growth."""

from __future__ import annotations

import math

import pytest

from benchmarks.growth.fit import doubled_at, growth_of

SIZES = (1, 10, 100, 1_000, 10_000)
NOISE = (1.05, 0.95, 1.02, 0.97, 1.04)
COSTS = {
    "constant": lambda size: 3.0,
    "logarithmic": lambda size: 1 + 0.5 * math.log(size),
    "linear": lambda size: 1 + 0.01 * size,
    "quadratic": lambda size: 1 + 0.0001 * size * size,
    "falls with 1/n": lambda size: 1 + 20 / size,
}


@pytest.mark.parametrize("name", COSTS)
def test_growth_is_named_in_spite_of_noise(name: str) -> None:
    points = [(size, COSTS[name](size) * noise) for size, noise in zip(SIZES, NOISE, strict=True)]
    assert growth_of(points).name == name


def test_the_slope_of_a_linear_cost_is_the_cost_of_each() -> None:
    growth = growth_of([(size, 1 + 0.01 * size) for size in SIZES])
    assert growth.base == pytest.approx(1)
    assert growth.slope == pytest.approx(0.01)


def test_a_cost_has_doubled_between_the_sizes_around_it() -> None:
    assert doubled_at([(1, 1), (10, 1), (1_000, 4)]) == pytest.approx(100)
    assert doubled_at([(1, 1), (10, 1.9)]) is None
