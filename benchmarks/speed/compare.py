"""Compare two runs: python -m benchmarks.speed.compare FIRST.json SECOND.json. Prints figures with a target."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from benchmarks.speed.figures import Figure, readable

ALIKE = 0.15
# Figures in other units differ with the speed of the machine.
RATIOS = {"limits", "times", "%"}


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.speed.compare", description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args()
    first, second = _figures(options.first), _figures(options.second)
    print("| row | what | target | first run | second run | differ by | |\n| --- | --- | --- | --- | --- | --- | --- |")
    ratios = []
    for place, one in first.items():
        if place in second and one.target:
            other = second[place]
            apart = difference(one.value, other.value)
            print(_line(one, other, apart))
            if one.unit in RATIOS:
                ratios.append(apart)
    print(f"\n{sum(apart <= ALIKE for apart in ratios)} of {len(ratios)} ratios agree within {ALIKE:.0%}.")


def difference(one: float, other: float) -> float:
    """Relative to the larger one."""
    largest = max(abs(one), abs(other))
    return abs(one - other) / largest if largest else 0.0


def _figures(path: Path) -> dict[tuple[int, str], Figure]:
    found = [Figure(**each) for each in json.loads(path.read_text())["figures"]]
    return {(figure.row, figure.what): figure for figure in found}


def _line(one: Figure, other: Figure, apart: float) -> str:
    verdict = {2: "met", 1: "met once", 0: "missed"}[bool(one.met) + bool(other.met)]
    values = f"{readable(one.value)} | {readable(other.value)} {one.unit}"
    return f"| {one.row} | {one.what} | {one.target} | {values} | {apart:.0%} | {verdict} |"


if __name__ == "__main__":
    main()
