from __future__ import annotations

from typing import Any

from caching.ledger.events import Priced
from caching.pricing.money import Money
from caching.pricing.usage import Usage


def facts_of(priced: Priced) -> dict[str, Any]:
    """Return what the span of a request says of its result."""
    event, costs = priced.event, priced.costs
    billed = Usage() if event.is_hit or event.usage is None else event.usage
    return {
        "cache_type": event.cache_type,
        "outcome": event.outcome,
        "level": event.level,
        "provider": event.provider,
        "model": event.model,
        "client": event.client,
        "similarity": event.similarity,
        "probability": event.probability,
        "question": event.question,
        "matched": event.matched,
        "cost_usd": _in_usd(costs.cost),
        "cost_saved_usd": _in_usd(costs.saved),
        "characters": billed.characters or None,
        "audio_seconds": float(billed.audio_seconds) or None,
        **billed.tokens,
    }


def _in_usd(money: Money | None) -> float | None:
    amount = money.to("USD") if money else None
    return float(amount.amount) if amount else None
