"""One request, what it used, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.conf import settings

from caching.models import HITS
from caching.pricing import prices
from caching.pricing.money import Money, together
from caching.pricing.usage import Usage


@dataclass(frozen=True, slots=True)
class Event:
    """One request, when it is over."""

    cache_type: Literal["llm", "tts", "stt"]
    outcome: Literal["exact", "semantic", "miss", "bypass", "error", "shadow", "judged"]
    usage: Usage | None
    """What the provider billed; for a hit, what it would have billed. None: it did not say. `Usage()`: nothing."""
    level: str = ""
    provider: str = ""
    model: str = ""
    client: str = ""
    seconds: float = 0.0
    """From the arrival of the request to its answer."""
    served: Usage = Usage()  # noqa: RUF009 (frozen)
    """What of a request that is no hit came from the cache nevertheless: some sentences of a text."""
    overhead: Money | None = None
    """What the cache itself spent on the decision: embeddings, verification."""
    key: str = ""
    question: str = ""
    matched: str = ""
    """The question whose answer was given instead."""
    similarity: float | None = None
    probability: float | None = None
    reasons: Sequence[str] = ()
    match: str = ""
    pair: str = ""

    @property
    def is_hit(self) -> bool:
        return self.outcome in HITS

    @property
    def is_spend(self) -> bool:
        """Whether money was, or may have been, spent."""
        return self.overhead is not None or (not self.is_hit and self.usage != Usage())


@dataclass(frozen=True, slots=True)
class Costs:
    """None: not known. `cost` + `saved` is what the request would have cost without a cache."""

    cost: Money | None
    """All that was spent, by the cache too."""
    saved: Money | None
    """What was not spent, less what the cache spent on it."""


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
    billed, served = (Usage(), event.usage) if event.is_hit else (event.usage, event.served)
    cost = prices.cost(event.provider, event.model, billed)
    nothing = Money(Decimal(0), settings.DISPLAY_CURRENCY)
    # Whatever a judgement costs, the cache has spent it on itself.
    overhead, cost = (cost, nothing) if event.outcome == "judged" and cost else (event.overhead, cost)
    return Priced(
        event=event,
        moment=moment,
        billed=cost,
        avoided=prices.cost(event.provider, event.model, served),
        overhead=overhead or nothing,
    )
