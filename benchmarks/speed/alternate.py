"""Contestants alternate, A B A B, so that other load affects all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask, Borne, put


@dataclass(frozen=True, slots=True)
class Rounds:
    """Figures of each contestant in each round."""

    by_name: Mapping[str, list[Borne]]

    def median(self, name: str) -> Borne:
        rounds = self.by_name[name]
        return Borne(
            p50_ms=statistics.median(borne.p50_ms for borne in rounds),
            p99_ms=statistics.median(borne.p99_ms for borne in rounds),
            per_second=statistics.median(borne.per_second for borne in rounds),
            failed=0,
            cpu_ms=statistics.median(borne.cpu_ms for borne in rounds),
        )

    def ratio(self, name: str, other: str, of: Callable[[Borne], float]) -> float:
        """Median of the ratios of all rounds: both figures of a round met the same load."""
        pairs = zip(self.by_name[name], self.by_name[other], strict=True)
        return statistics.median(of(one) / of(another) for one, another in pairs)


def measure(
    bench: Bench, contestants: Mapping[str, Ask], connections: int, *, rounds: int = 0, seconds: int = 0
) -> Rounds:
    """Run a warm-up round, then `rounds` of `seconds` each."""
    found: dict[str, list[Borne]] = {name: [] for name in contestants}
    for round_number in range((rounds or bench.rounds) + 1):
        lasts = (seconds or bench.seconds) if round_number else 1
        for name, ask in contestants.items():
            borne = put(ask, connections=connections, seconds=lasts, start=bench.fresh_numbers())
            if round_number:
                found[name].append(borne)
    return Rounds(found)


def p50(borne: Borne) -> float:
    return borne.p50_ms


def throughput(borne: Borne) -> float:
    return borne.per_second
