"""The limit's p50 with one connection, which targets are multiples of; measured in turns with the rest of a row."""

from __future__ import annotations

import statistics

from benchmarks.speed.bench import Bench
from benchmarks.speed.figures import Figure, at_most, plain
from benchmarks.speed.limit import key_of
from benchmarks.speed.load import put

BODY = '{"messages": []}'


class Yardstick:
    def __init__(self, bench: Bench) -> None:
        redis = bench.redis()
        redis.client().set(key_of(BODY.encode()), b"x" * 500)
        self.ask = bench.limit(redis, BODY)
        self._times: list[float] = []
        self.measure()

    def measure(self) -> None:
        self._times.append(put(self.ask, connections=1, seconds=1).p50_ms)

    @property
    def p50_ms(self) -> float:
        return statistics.median(self._times)

    def at_most(self, row: int, what: str, milliseconds: float, most: float) -> tuple[Figure, Figure]:
        """The figure, and the same in limits with its target."""
        in_limits = at_most(row, f"{what}, in limits", milliseconds / self.p50_ms, "limits", most)
        return plain(row, what, milliseconds, "ms"), in_limits
