"""What a run comes to: figures with their targets, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    row: int
    """Its number in docs/performance.md."""
    what: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    """None: there is no target."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def plain(row: int, what: str, value: float, unit: str) -> Figure:
    return Figure(row, what, value, unit)


def at_most(row: int, what: str, value: float, unit: str, most: float) -> Figure:
    return Figure(row, what, value, unit, f"≤ {most:g}", value <= most)


def at_least(row: int, what: str, value: float, unit: str, least: float) -> Figure:
    return Figure(row, what, value, unit, f"≥ {least:g}", value >= least)


def table(figures: Iterable[Figure]) -> str:
    """Markdown, as it stands in docs/performance.md."""
    lines = ["| row | what | measured | target | |", "| --- | --- | --- | --- | --- |"]
    for figure in figures:
        verdict = {None: "", True: "met", False: "missed"}[figure.met]
        measured = f"{readable(figure.value)} {figure.unit}".strip()
        lines.append(f"| {figure.row} | {figure.what} | {measured} | {figure.target} | {verdict} |")
    return "\n".join(lines)


def readable(value: float) -> str:
    """With as many digits as a run can tell."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
