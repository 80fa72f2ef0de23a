"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with aligned columns: the first to the left, the others to the right."""
    lines = [headings, *rows]
    widths = [max(width_of(line[column]) for line in lines) for column in range(len(headings))]
    return ["  ".join(_aligned(line, widths)).rstrip() for line in lines]


def width_of(text: str) -> int:
    """Return the columns that `text` takes on a terminal."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = (" " * (width - width_of(text)) for text, width in zip(line, widths, strict=True))
    return [line[0] + first, *(space + text for space, text in zip(others, line[1:], strict=True))]
