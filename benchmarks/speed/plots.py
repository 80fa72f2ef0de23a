"""Plots of docs/performance.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from benchmarks.speed.figures import Figure
from benchmarks.svg import Line, Plot

_LOAD = re.compile(r"(\d+) workers, (\d+) connections: p50")
_SIZE = re.compile(r"lookup among (\d+) entries(?:, (\w+))?")


def write(figures: Iterable[Figure], directory: Path) -> None:
    """Write `latency.svg` and `lookup.svg`, if their rows were run."""
    directory.mkdir(parents=True, exist_ok=True)
    found = list(figures)
    by_workers = _lines((match[1], int(match[2]), figure.value) for figure, match in _matching(found, 9, _LOAD))
    by_index = _lines(
        (match[2] or "numpy", int(match[1]), figure.value) for figure, match in _matching(found, 13, _SIZE)
    )
    if by_workers:
        lines = [Line(f"{name} worker{'s' if name != '1' else ''}", points) for name, points in by_workers.items()]
        plot = Plot("Exact hits: latency over load", "connections", "p50, ms", lines)
        (directory / "latency.svg").write_text(plot.svg())
    if by_index:
        lines = [Line(name, points) for name, points in by_index.items()]
        plot = Plot("Lookup by meaning: time over entries", "entries in one scope", "p50, ms", lines)
        (directory / "lookup.svg").write_text(plot.svg())


def _matching(figures: Iterable[Figure], row: int, pattern: re.Pattern[str]) -> Iterable[tuple[Figure, re.Match[str]]]:
    for figure in figures:
        if figure.row == row and (match := pattern.fullmatch(figure.what)):
            yield figure, match


def _lines(points: Iterable[tuple[str, int, float]]) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, x, y in points:
        lines.setdefault(name, []).append((x, y))
    return lines
