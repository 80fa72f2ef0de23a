"""Record the latest requests for the requests page: in memory, and twice a second in Redis.

Under load it keeps a sample: a request costs at most an append to a list.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from django.utils import timezone

from caching.background import PeriodicWorker
from caching.ledger import recent_stream
from caching.ledger.events import Priced
from caching.ledger.rows import shortened
from caching.pricing.money import Money

FLUSH_SECONDS = 0.5
# Kept between two flushes: exact hits, of which there may be hundreds a second, and all other requests.
MAX_HITS, MAX_OTHERS = 30, 60
MAX_MESSAGE = 300


class Recorder:
    """One per process. Nothing here raises; a full buffer counts what it drops."""

    def __init__(self) -> None:
        self.reset()
        self._worker = PeriodicWorker("recent requests", self.flush, FLUSH_SECONDS, at_exit=self.flush)

    def reset(self) -> None:
        """Begin with nothing. Called in a forked child too: what its parent has pending, the parent writes."""
        self._hits: list[Priced] = []
        self._others: list[Priced] = []
        self._dropped = 0

    def add(self, priced: Priced) -> None:
        kept, most = (self._hits, MAX_HITS) if priced.event.outcome == "exact" else (self._others, MAX_OTHERS)
        if self._has_room(kept, most):
            kept.append(priced)

    def add_hit(self, equal: Priced, seconds: float) -> None:
        """Add an exact hit that took `seconds`; moment and duration of `equal` may be another hit's."""
        if self._has_room(self._hits, MAX_HITS):
            self._hits.append(replace(equal, moment=timezone.now(), event=replace(equal.event, seconds=seconds)))

    def _has_room(self, kept: list[Priced], most: int) -> bool:
        """Return True if one more is kept; count it as dropped if not."""
        self._worker.start()
        if len(kept) < most:
            return True
        # Without a lock a drop may go uncounted; the page says "about".
        self._dropped += 1
        return False

    def flush(self) -> None:
        hits, self._hits = self._hits, []
        others, self._others = self._others, []
        dropped, self._dropped = self._dropped, 0
        if hits or others:
            told = [_told(priced) for priced in sorted((*hits, *others), key=lambda priced: priced.moment)]
            recent_stream.append(told, dropped)


def _told(priced: Priced) -> dict[str, Any]:
    """Return what staff may see of a request. Answers are not in it: they are in the cache, under `key`."""
    event, costs = priced.event, priced.costs
    return {
        "at": round(priced.moment.timestamp(), 3),
        "type": event.cache_type,
        "outcome": event.outcome,
        "level": event.level,
        "provider": event.provider,
        "model": event.model[:200],
        "client": event.client,
        "seconds": round(event.seconds, 6),
        "before_provider": None if event.before_provider is None else round(event.before_provider, 6),
        "question": shortened(event.question),
        "matched": shortened(event.matched),
        "similarity": event.similarity,
        "probability": event.probability,
        "reasons": list(event.reasons),
        "match": event.match,
        "key": event.key,
        "scope": event.scope,
        "code": event.code,
        "message": event.message[:MAX_MESSAGE],
        "cost": _amount(costs.cost),
        "saved": _amount(costs.saved),
    }


def _amount(money: Money | None) -> list[str] | None:
    return None if money is None else [f"{money.amount:f}", money.currency]


recorder = Recorder()
os.register_at_fork(after_in_child=recorder.reset)
