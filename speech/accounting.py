"""The account of one request: one ledger event, however the request ends, and its costs for the client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol, TypeVar

from caching import ledger, tracing
from caching.ledger import Costs, Event, ExactHit, Usage
from caching.ledger.events import BY_RULE
from caching.llm.request import ChatQuery
from caching.policy import CacheType, Policy
from caching.pricing.money import Money, plain
from caching.result import CacheResult
from speech.exceptions import GatewayError, NotCached
from speech.iterators import closed_after

HEADER_CURRENCY = "USD"

T = TypeVar("T")


class Meter(Protocol):
    """A stream in progress, with what it has come to so far."""

    @property
    def result(self) -> CacheResult[Any]: ...


class StreamMeter:
    """Usage of a stream so far; a collapsed stream is billed to its leader."""

    def __init__(self, result: CacheResult[Any]) -> None:
        self._result = result
        self.begun = False
        self.usage: Usage | None = None

    @property
    def result(self) -> CacheResult[Any]:
        if self._result.collapsed:
            return replace(self._result, billed=Usage(), served=self.usage or Usage())
        # A stream that is cut off is billed as far as it went, and no provider says how far.
        return replace(self._result, billed=self.usage if self.begun else Usage())


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
    listed: bool = False
    """True if staff may see this request among the last ones; False if nothing of it may be kept."""
    started: float = field(default_factory=time.perf_counter)
    settled: bool = False
    _called: tuple[str, str] = ("", "")
    """Provider and model."""
    _meter: Meter | None = None
    _asked: float | None = None
    _query: ChatQuery | None = None

    @classmethod
    def of(cls, cache_type: CacheType, client: str, policy: Policy, text: str = "") -> Account:
        """Open the account of a request; `text` is dropped where nothing may be stored."""
        return cls(cache_type, policy.level, client, text if policy.write else "", listed=policy.write)

    def under(self, policy: Policy, query: ChatQuery | None = None) -> None:
        """Take over what the cache rule that applies says, and what is looked up."""
        self.level, self.listed, self._query = policy.level, self.listed and policy.write, query

    def asks_provider(self) -> None:
        """Note that the look-up is over and a provider is called."""
        self._asked = time.perf_counter()

    def call(self, provider: str, model: str) -> None:
        """Name the provider that is called now. Units billed by one that failed before are recorded as its error."""
        if self._meter and (spent := self._spent()) != Usage():
            ledger.record(self._event("error", spent))
        self._called, self._meter = (provider, model), None

    def watch(self, meter: Meter) -> None:
        """Take the units billed from `meter` if the request fails from now on."""
        self._meter = meter

    def metered(
        self,
        items: Iterator[T],
        result: CacheResult[Any],
        usage_of: Callable[[T], Usage | None],
        call: AbstractContextManager[None] = nullcontext(),  # noqa: B008 (holds no state)
    ) -> Iterator[T]:
        """Yield the items of a stream within `call`, and close the account when they end, fail or are dropped.

        A failure before the first item is left to the caller: another provider may still answer. `usage_of` returns
        the usage in an item, or None. `result`: the cache result to record, without its usage.
        """
        meter = StreamMeter(result)
        self.watch(meter)
        return tracing.stepwise(self._metered(items, meter, usage_of, call))

    def _metered(
        self,
        items: Iterator[T],
        meter: StreamMeter,
        usage_of: Callable[[T], Usage | None],
        call: AbstractContextManager[None],
    ) -> Iterator[T]:
        try:
            with call, closed_after(items):
                for item in items:
                    meter.begun = True
                    if usage := usage_of(item):
                        meter.usage = usage
                        # On the span of the provider's call.
                        tracing.note(**usage.tokens)
                    yield item
        except BaseException as error:
            if meter.begun:
                self.fail(error)
            raise
        if not self.settled:
            self.settle(meter.result)

    def settle(self, result: CacheResult[Any]) -> Costs:
        """Record a request that was answered."""
        if result.match == "exact" and self._asked is None:
            return self._settle_hit(result)
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
            why = {"reasons": _reasons(result)}
        return self._record(self._event(kind, result.billed, served=result.served, key=result.key, **why))

    def _settle_hit(self, result: CacheResult[Any]) -> Costs:
        self.settled = True
        provider, model = self._called
        hit = ExactHit(
            cache_type=self.cache_type,
            usage=result.billed,
            level=self.level,
            provider=provider,
            model=model,
            client=self.client,
            key=result.key,
            question=self.text,
            reasons=_reasons(result),
            listed=self.listed,
        )
        return ledger.record_hit(hit, time.perf_counter() - self.started)

    def settle_now(self, result: CacheResult[Any], *, stream: bool) -> Costs | None:
        """Record a request that was answered. None for a stream that is no hit: it closes the account at its end."""
        return None if stream and result.status != "hit" else self.settle(result)

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
            outcome = "miss" if isinstance(error, NotCached) else "error"
            self._record(self._event(outcome, self._spent(), **_failure(error)))

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
            before_provider=None if self._asked is None else self._asked - self.started,
            listed=self.listed,
            scope=self._query.semantic.scope if outcome == "miss" and self._query and self._query.semantic else "",
            question=self.text,
            **more,
        )


def usage_in(chunk: Mapping[str, Any]) -> Usage | None:
    """Return the usage in a chunk of a chat answer; most have none."""
    usage = chunk.get("usage")
    return Usage.from_tokens(usage) if usage else None


def _reasons(result: CacheResult[Any]) -> tuple[str, ...]:
    return (f"{BY_RULE}{result.rule}",) if result.rule else ()


def _failure(error: BaseException) -> dict[str, str]:
    if isinstance(error, GatewayError):
        return {"code": error.code, "message": error.message}
    return {"code": "client_disconnected" if isinstance(error, GeneratorExit) else "internal_error"}


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
