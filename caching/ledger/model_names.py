"""Names of models in hourly sums. These rows are kept for ever, and clients choose names of models freely."""

from __future__ import annotations

import threading

from caching.ledger.events import Event
from caching.pricing import prices
from caching.pricing.usage import Usage

# The name of all models that were refused or are too many.
OTHER = "(other)"
# Names without a price of their own that a provider may add to the sums, in each process.
MAX_NAMES = 100


class ModelNames:
    """Models that have rows of their own: those with a price, and the first MAX_NAMES that a provider answered for."""

    def __init__(self) -> None:
        self._answered: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def summed(self, event: Event) -> str:
        """Return the name under which the hourly sums count `event`."""
        model = event.model
        if not model or prices.table().lists(event.provider, model):
            return model
        with self._lock:
            names = self._answered.setdefault(event.provider, set())
            if model not in names and len(names) < MAX_NAMES and _was_answered(event):
                names.add(model)
            return model if model in names else OTHER

    def forget(self) -> None:
        self._answered.clear()


def _was_answered(event: Event) -> bool:
    return event.is_hit or (event.outcome != "error" and event.usage != Usage())


model_names = ModelNames()
