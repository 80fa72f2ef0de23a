"""One row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

COLUMNS = ("drill", "sent", "right", "wrong", "rejected", "failed", "slowest", "recovered", "observed", "")


@dataclass
class DrillResult:
    sent: int = 0
    right: int = 0
    # Answers to another question.
    wrong: int = 0
    # Gateway errors with a cause.
    rejected: int = 0
    # Anything else: a broken connection, a stream without its end, a status 500.
    failed: int = 0
    # Seconds.
    slowest: float = 0.0
    # Seconds from the end of the fault to recovery.
    recovered: float | None = None
    # Figures specific to this drill.
    seen: list[str] = field(default_factory=list)
    # Unmet requirements.
    broken: list[str] = field(default_factory=list)
    skipped: str = ""

    def count(self, kind: str, seconds: float) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        self.slowest = max(self.slowest, seconds)

    def require(self, demand: str, met: bool) -> None:
        if not met:
            self.broken.append(demand)

    def require_recovery(self, what: str, seconds: float | None, most: float = 10.0) -> None:
        """`seconds` from the end of the fault; None: never."""
        self.recovered = seconds
        self.require(f"{what} within {most:.0f} s", seconds is not None and seconds < most)

    def require_right(self, *, rejected: bool = False) -> None:
        """Nothing wrong, nothing failed; gateway errors only if `rejected`."""
        self.require("0 wrong", self.wrong == 0)
        self.require("0 failed", self.failed == 0)
        self.require("no errors", rejected or self.rejected == 0)
        self.require("some right", self.right > 0)

    def row(self, title: str) -> list[str]:
        if self.skipped:
            return [title, *[""] * 7, f"skipped: {self.skipped}", "–"]
        recovered = "" if self.recovered is None else f"{self.recovered:.1f} s"
        counts = [str(number) for number in (self.sent, self.right, self.wrong, self.rejected, self.failed)]
        verdict = f"NOT MET: {', '.join(self.broken)}" if self.broken else "ok"
        return [title, *counts, f"{self.slowest:.2f} s", recovered, "; ".join(self.seen), verdict]


def header() -> str:
    return f"| {' | '.join(COLUMNS)} |\n| --- {'| ---: ' * 5}| ---: | ---: | --- | --- |"


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
