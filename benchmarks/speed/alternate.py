"""Contestants alternate, A B A B, so that other load affects all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask, Borne, put


@dataclass(frozen=True, slots=True)
class Rounds:
    """Figures of each contestant in each round."""

    all: list[dict[str, Borne]]

    @property
    def names(self) -> Iterable[str]:
        return self.all[0]

    def median(self, name: str) -> Borne:
        rounds = [each[name] for each in self.all]
        return Borne(
            p50_ms=statistics.median(borne.p50_ms for borne in rounds),
            p99_ms=statistics.median(borne.p99_ms for borne in rounds),
            per_second=statistics.median(borne.per_second for borne in rounds),
            failed=0,
            cpu_ms=statistics.median(borne.cpu_ms for borne in rounds),
        )

    def ratio(self, name: str, other: str, of: Callable[[Borne], float]) -> float:
        """Median of the ratios of all rounds: both figures of a round met the same load."""
        return statistics.median(of(each[name]) / of(each[other]) for each in self.all)

    def added(self, name: str, other: str) -> float:
        """Median of what each round's p50 of `name` is above that of `other`, in multiples of the limit's."""
        return statistics.median((each[name].p50_ms - each[other].p50_ms) / each["limit"].p50_ms for each in self.all)


def measure(
    bench: Bench, contestants: Mapping[str, Ask], connections: int, *, rounds: int = 0, seconds: int = 0
) -> Rounds:
    """Run a warm-up round, then `rounds` of `seconds` each."""

    def one_round(lasts: int) -> dict[str, Borne]:
        return {
            name: put(ask, connections=connections, seconds=lasts, start=bench.fresh_numbers())
            for name, ask in contestants.items()
        }

    one_round(1)
    return Rounds([one_round(seconds or bench.seconds) for _ in range(rounds or bench.rounds)])


def p50(borne: Borne) -> float:
    return borne.p50_ms


def throughput(borne: Borne) -> float:
    return borne.per_second
