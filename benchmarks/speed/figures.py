"""Figures with their targets, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    # Row number in docs/performance.md.
    row: int
    what: str
    value: float
    unit: str
    target: str = ""
    # None: no target.
    met: bool | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def plain(row: int, what: str, value: float, unit: str) -> Figure:
    return Figure(row, what, value, unit)


def at_most(row: int, what: str, value: float, unit: str, most: float) -> Figure:
    return Figure(row, what, value, unit, f"≤ {most:g}", value <= most)


def at_least(row: int, what: str, value: float, unit: str, least: float) -> Figure:
    return Figure(row, what, value, unit, f"≥ {least:g}", value >= least)


def best(figures: Iterable[Figure]) -> list[Figure]:
    """Return one figure for those of the same row and name, the best, in the order of the first."""
    same: dict[tuple[int, str], list[Figure]] = {}
    for figure in figures:
        same.setdefault((figure.row, figure.what), []).append(figure)
    return [
        (max if _more_is_better(found[0]) else min)(found, key=lambda figure: figure.value) for found in same.values()
    ]


def _more_is_better(figure: Figure) -> bool:
    return figure.unit in {"/s", "%"} or figure.target.startswith("≥")


def table(figures: Iterable[Figure]) -> str:
    """Markdown, as in docs/performance.md."""
    lines = ["| row | what | measured | target | |", "| --- | --- | --- | --- | --- |"]
    for figure in figures:
        verdict = {None: "", True: "met", False: "missed"}[figure.met]
        measured = f"{readable(figure.value)} {figure.unit}".strip()
        lines.append(f"| {figure.row} | {figure.what} | {measured} | {figure.target} | {verdict} |")
    return "\n".join(lines)


def readable(value: float) -> str:
    """Round to the precision of a run."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
