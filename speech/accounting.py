"""Every request to the ledger, exactly once, however it ends; and its costs to the client."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from caching import ledger
from caching.ledger import Costs, Event, Usage
from caching.pricing.money import Money, plain
from caching.result import CacheResult
from speech.exceptions import NotCached

HEADER_CURRENCY = "USD"


@dataclass
class Account:
    """One request, from its arrival to its end. As a context manager it counts what fails inside it.

    `asks` says whom it asks. `settle` must be called once where the request succeeds: for a stream when it has ended.
    """

    cache_type: Literal["llm", "tts", "stt"]
    level: str
    client: str
    text: str
    """What was asked or is to be spoken."""
    spent: Callable[[], Usage | None] = Usage
    """What was billed so far, asked where the request fails. A call that fails is taken to bill nothing."""
    started: float = field(default_factory=time.perf_counter)
    settled: bool = False
    _asked: tuple[str, str] = ("", "")
    """The provider and its model."""

    def asks(self, provider: str, model: str) -> None:
        """Say who is asked now. What somebody asked before has billed, and then failed, is counted as its error."""
        if (spent := self.spent()) != Usage():
            ledger.record(self._event("error", spent))
        self._asked = provider, model
        self.spent = Usage

    def settle(self, result: CacheResult[Any]) -> Costs:
        """Count a request that was answered."""
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
        return self._record(self._event(kind, result.billed, served=result.served, key=result.key, **why))

    def __enter__(self) -> Account:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.settled:
            self._record(self._event("miss" if isinstance(error, NotCached) else "error", self.spent()))

    def _record(self, event: Event) -> Costs:
        self.settled = True
        return ledger.record(event)

    def _event(self, outcome: Any, usage: Usage | None, **more: Any) -> Event:
        provider, model = self._asked
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
    """`X-Cost-USD` and `X-Cost-Saved-USD`; one that is not known is left out."""
    if costs is None:
        return {}
    amounts = {"X-Cost-USD": _in_usd(costs.cost), "X-Cost-Saved-USD": _in_usd(costs.saved)}
    return {name: amount for name, amount in amounts.items() if amount is not None}


def body(costs: Costs | None) -> dict[str, str | None]:
    """The same for a JSON answer; null where it is not known."""
    costs = costs or Costs(None, None)
    return {"usd": _in_usd(costs.cost), "saved_usd": _in_usd(costs.saved)}


def _in_usd(money: Money | None) -> str | None:
    converted = money and money.to(HEADER_CURRENCY)
    return plain(converted.amount) if converted else None
