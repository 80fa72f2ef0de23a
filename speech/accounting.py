"""The account of one request: one ledger event, however the request ends, and its costs for the client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, TypeVar

from caching import ledger
from caching.ledger import Costs, Event, Usage
from caching.ledger.events import BY_RULE
from caching.policy import CacheType
from caching.pricing.money import Money, plain
from caching.result import CacheResult
from speech.exceptions import NotCached
from speech.iterators import primed

HEADER_CURRENCY = "USD"

T = TypeVar("T")


class Meter(Protocol):
    """A stream in progress, with what it has come to so far."""

    @property
    def result(self) -> CacheResult[Any]: ...


@dataclass
class Account:
    """One request, from its arrival to its end.

    `settle` closes it for an answer, the end of the `with` block for an error, `metered` for a stream.
    """

    cache_type: CacheType
    level: str
    client: str
    text: str
    """The question, or the text to speak; empty if it must not be stored."""
    started: float = field(default_factory=time.perf_counter)
    settled: bool = False
    _called: tuple[str, str] = ("", "")
    """Provider and model."""
    _meter: Meter | None = None

    def call(self, provider: str, model: str) -> None:
        """Name the provider that is called now. Units billed by one that failed before are recorded as its error."""
        if self._meter and (spent := self._spent()) != Usage():
            ledger.record(self._event("error", spent))
        self._called, self._meter = (provider, model), None

    def watch(self, meter: Meter) -> None:
        """If the request fails from now on, take the units billed from `meter`."""
        self._meter = meter

    def metered(self, items: Iterator[T], meter: Meter) -> Iterator[T]:
        """Yield the items of a stream, and close the account when they end, fail or are dropped.

        A failure before the first item is left to the caller: another provider may still answer.
        """
        self.watch(meter)
        items = primed(items)
        with self:
            yield from items
        if not self.settled:
            self.settle(meter.result)

    def settle(self, result: CacheResult[Any]) -> Costs:
        """Record a request that was answered."""
        kind = result.match or "exact" if result.status == "hit" else result.status
        why: dict[str, Any] = {}
        if match := result.matched:
            why = {
                "matched": match.question,
                "similarity": match.similarity,
                "probability": match.probability,
                "reasons": match.reasons,
                "match": match.id,
                "pair": match.pair,
            }
        elif result.rule:
            why = {"reasons": [f"{BY_RULE}{result.rule}"]}
        return self._record(self._event(kind, result.billed, served=result.served, key=result.key, **why))

    def __enter__(self) -> Account:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Record a request that was not answered, or not to its end."""
        if not self.settled:
            self._record(self._event("miss" if isinstance(error, NotCached) else "error", self._spent()))

    def _spent(self) -> Usage | None:
        """Return the units billed so far. A call that fails is taken to bill nothing."""
        return self._meter.result.billed if self._meter else Usage()

    def _record(self, event: Event) -> Costs:
        self.settled = True
        return ledger.record(event)

    def _event(self, outcome: Any, usage: Usage | None, **more: Any) -> Event:
        provider, model = self._called
        return Event(
            self.cache_type,
            outcome,
            usage,
            level=self.level,
            provider=provider,
            model=model,
            client=self.client,
            seconds=time.perf_counter() - self.started,
            question=self.text,
            **more,
        )


def headers(costs: Costs | None) -> dict[str, str]:
    """Return `X-Cost-USD` and `X-Cost-Saved-USD`, without the unknown ones."""
    if costs is None:
        return {}
    amounts = {"X-Cost-USD": _in_usd(costs.cost), "X-Cost-Saved-USD": _in_usd(costs.saved)}
    return {name: amount for name, amount in amounts.items() if amount is not None}


def body(costs: Costs | None) -> dict[str, str | None]:
    """Return the same for a JSON answer, with null for unknown amounts."""
    costs = costs or Costs(None, None)
    return {"usd": _in_usd(costs.cost), "saved_usd": _in_usd(costs.saved)}


def _in_usd(money: Money | None) -> str | None:
    if money and money.currency != HEADER_CURRENCY:
        money = money.to(HEADER_CURRENCY)
    return plain(money.amount) if money else None
