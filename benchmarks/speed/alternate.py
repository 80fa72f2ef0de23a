"""Contestants in turn, A B A B: what else the machine does meanwhile then hits all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from benchmarks.speed.bench import Bench
from benchmarks.speed.load import Ask, Borne, put


def measure(bench: Bench, contestants: Mapping[str, Ask], connections: int) -> dict[str, Borne]:
    """The median of each figure over all rounds, by contestant. The first round warms up and does not count."""
    found: dict[str, list[Borne]] = {name: [] for name in contestants}
    for round_number in range(bench.rounds + 1):
        seconds = bench.seconds if round_number else 1
        for name, ask in contestants.items():
            borne = put(ask, connections=connections, seconds=seconds, start=bench.fresh_numbers())
            if round_number:
                found[name].append(borne)
    return {name: _median(rounds) for name, rounds in found.items()}


def _median(rounds: list[Borne]) -> Borne:
    return Borne(
        p50_ms=statistics.median(borne.p50_ms for borne in rounds),
        p99_ms=statistics.median(borne.p99_ms for borne in rounds),
        per_second=statistics.median(borne.per_second for borne in rounds),
        failed=0,
        cpu_ms=statistics.median(borne.cpu_ms for borne in rounds),
    )
