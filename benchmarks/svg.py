"""A line plot with two logarithmic axes, as SVG. Readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 130, 40, 48
# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
INK = "#7a7a7a"


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]

    def svg(self) -> str:
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        style = f'font-family="sans-serif" font-size="12" fill="{INK}"'
        body = "\n".join([*self._frame(), *self._grid(), *self._curves()])
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img">\n{body}\n</svg>\n'

    def _frame(self) -> Iterator[str]:
        middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
        yield f"<title>{escape(self.title)}</title>"
        yield _text(LEFT, 22, self.title, size=15)
        yield _text(middle_x, HEIGHT - 10, self.x_label, anchor="middle")
        turned = f'transform="rotate(-90 16 {middle_y:.0f})"'
        yield _text(16, middle_y, self.y_label, anchor="middle", more=turned)

    def _grid(self) -> Iterator[str]:
        for exponent in range(*self._exponents(0)):
            x = self._place(0, 10.0**exponent)
            yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{INK}" stroke-opacity="0.3"/>'
            yield _text(x, HEIGHT - BOTTOM + 16, _tick(exponent), anchor="middle")
        for exponent in range(*self._exponents(1)):
            y = self._place(1, 10.0**exponent)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{INK}" stroke-opacity="0.3"/>'
            yield _text(LEFT - 6, y + 4, _tick(exponent), anchor="end")

    def _curves(self) -> Iterator[str]:
        for line, colour in zip(self.lines, COLOURS, strict=False):
            places = [(self._place(0, x), self._place(1, y)) for x, y in line.points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        for number, (line, colour) in enumerate(zip(self.lines, COLOURS, strict=False)):
            yield _text(WIDTH - RIGHT + 14, TOP + 14 + 18 * number, line.name, more=f'fill="{colour}"')

    def _exponents(self, axis: int) -> tuple[int, int]:
        """The powers of ten from just below the smallest value to just above the largest, as a range."""
        values = [point[axis] for line in self.lines for point in line.points]
        least, most = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return least, max(most, least + 1) + 1

    def _place(self, axis: int, value: float) -> float:
        least, end = self._exponents(axis)
        share = (math.log10(value) - least) / (end - 1 - least)
        if axis == 0:
            return LEFT + share * (WIDTH - LEFT - RIGHT)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _tick(exponent: int) -> str:
    return f"{10**exponent:,}" if exponent >= 0 else f"{10.0**exponent:g}"


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {more}'.rstrip()
    return f"<text {place}>{escape(text)}</text>"
