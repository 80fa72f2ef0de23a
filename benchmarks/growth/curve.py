"""A cost that was measured at several sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from benchmarks.growth.fit import doubled_at, growth_of
from benchmarks.speed.figures import readable


@dataclass(slots=True)
class Curve:
    # Such as "CPU of a hit", and what its size counts.
    what: str
    over: str
    unit: str
    # Why it grows so.
    why: str
    points: list[tuple[float, float]] = field(default_factory=list)

    def add(self, size: float, cost: float) -> None:
        self.points.append((size, cost))

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "growth": growth_of(self.points).name, "doubled_at": doubled_at(self.points)}

    def line(self) -> str:
        growth, doubled = growth_of(self.points), doubled_at(self.points)
        costs = ", ".join(f"{size:,.0f}: {readable(cost)}" for size, cost in self.points)
        slope = f", {growth.slope:.3g} {self.unit} each" if growth.name == "linear" else ""
        bends = f"{doubled:,.0f}" if doubled else "not"
        return f"| {self.what} over {self.over} | {costs} {self.unit} | {growth.name}{slope} | {bends} | {self.why} |"


def table(curves: Iterable[Curve]) -> str:
    """Return a Markdown table."""
    head = "| cost | measured | growth | doubled at | why |\n| --- | --- | --- | --- | --- |"
    return "\n".join([head, *(curve.line() for curve in curves)])
