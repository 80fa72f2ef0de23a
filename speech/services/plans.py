"""Plans of a request body, which are made once while the body is kept in memory (`speech.api.request_body`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from speech.models import Client

# A client may send any number of different Cache-Control headers with one body.
MAX_PLANS = 64


class Plan(Protocol):
    """Depends on nothing but the request, its client and the cache rules."""

    def holds_for(self, client: Client) -> bool:
        """Return False once the client or the rules have been read from the database again."""


P = TypeVar("P", bound=Plan)


class Plans(Generic[P]):
    """The plans for one body, by client and by the headers that matter."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], P] = {}

    def get(self, client: Client, *headers: str, make: Callable[[], P]) -> P:
        key = (client.pk, *headers)
        plan = self._made.get(key)
        if plan is None or not plan.holds_for(client):
            if len(self._made) >= MAX_PLANS:
                self._made.clear()
            plan = self._made[key] = make()
        return plan
