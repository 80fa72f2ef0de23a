"""A finished request: its usage and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from django.conf import settings

from caching.models import HITS
from caching.policy import CacheType
from caching.pricing import prices
from caching.pricing.money import Money, together
from caching.pricing.usage import Usage

# Begins the reason that names a cache rule.
BY_RULE = "cache rule: "


@dataclass(frozen=True, slots=True)
class Event:
    cache_type: CacheType
    outcome: Literal["exact", "semantic", "miss", "bypass", "error", "shadow", "judged", "near"]
    # Billed by the provider; for a hit, what it would have billed. None: unknown. `Usage()`: nothing.
    usage: Usage | None
    level: str = ""
    provider: str = ""
    model: str = ""
    client: str = ""
    # From the arrival of the request to its answer.
    seconds: float = 0.0
    # Usage served from the cache in a request that is not a hit, such as some sentences of a text.
    served: Usage = Usage()  # noqa: RUF009 (frozen)
    # Spent by the cache on its decision: embeddings, verification.
    overhead: Money | None = None
    key: str = ""
    question: str = ""
    # The earlier question whose answer was served.
    matched: str = ""
    similarity: float | None = None
    probability: float | None = None
    reasons: Sequence[str] = ()
    match: str = ""
    pair: str = ""
    # Of a request that failed: code and message as the client got them.
    code: str = ""
    message: str = ""
    # Seconds from the arrival of the request to the call of the provider; None if none was called.
    before_provider: float | None = None
    # Of a miss that other questions may answer: within this scope they were looked for.
    scope: str = ""
    # False if nothing of the request may be kept: it is counted, and nobody sees it.
    listed: bool = False

    @property
    def is_hit(self) -> bool:
        return self.outcome in HITS

    @property
    def is_spend(self) -> bool:
        """True if money was, or may have been, spent."""
        return self.overhead is not None or (not self.is_hit and self.usage != Usage())


class ExactHit(NamedTuple):
    """Fields of an exact hit without overhead, of which equal ones are added up: all but its moment and its duration.

    A tuple, because it is hashed at every hit: to hash an Event takes five times as long.
    """

    cache_type: CacheType
    usage: Usage | None
    level: str
    provider: str
    model: str
    client: str
    key: str
    question: str
    reasons: tuple[str, ...]
    listed: bool

    def event(self, seconds: float) -> Event:
        return Event(outcome="exact", seconds=seconds, **self._asdict())


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of a request; None: unknown. Without a cache it would have cost `cost` + `saved`."""

    # Everything spent, overhead of the cache included.
    cost: Money | None
    # Avoided costs less the overhead of the cache.
    saved: Money | None


@dataclass(frozen=True, slots=True)
class Priced:
    """An event with its amounts, each in the currency of its price."""

    event: Event
    moment: datetime
    billed: Money | None
    avoided: Money | None
    overhead: Money

    @property
    def costs(self) -> Costs:
        if not self.overhead.amount:
            return Costs(self.billed, self.avoided)
        spent = Money(-self.overhead.amount, self.overhead.currency)
        return Costs(
            cost=self.billed and together(self.billed, self.overhead),
            saved=self.avoided and together(self.avoided, spent),
        )


def price(event: Event, moment: datetime) -> Priced:
    nothing = Money(Decimal(0), settings.DISPLAY_CURRENCY)
    served = event.usage if event.is_hit else event.served
    cost = nothing if event.is_hit else prices.cost(event.provider, event.model, event.usage)
    # A review by a model is overhead of the cache.
    overhead, cost = (cost, nothing) if event.outcome == "judged" and cost else (event.overhead, cost)
    return Priced(
        event=event,
        moment=moment,
        billed=cost,
        avoided=prices.cost(event.provider, event.model, served),
        overhead=overhead or nothing,
    )
