"""Rate limit and daily budget of a client, checked before anything else, the cache included."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from caching.coordination import rate_limit
from caching.ledger.daily_spending import daily
from speech.exceptions import BudgetSpent, TooManyRequests
from speech.metrics import REFUSED
from speech.models import Client

if TYPE_CHECKING:
    # DRF imports this module while it defines its views.
    from rest_framework.views import APIView


class ClientLimits(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True or raise: DRF's own exception knows one reason only, and there are two."""
        if isinstance(request.user, Client):
            check(request.user)
        return True


def check(client: Client) -> None:
    """Count one request of `client`. Raises TooManyRequests or BudgetSpent."""
    if client.daily_budget_usd is not None and daily.spent(client.name) >= client.daily_budget_usd:
        REFUSED.labels(BudgetSpent.code).inc()
        message = f"The daily budget of {client.daily_budget_usd:f} USD is spent. It resets at midnight UTC."
        raise BudgetSpent(message, retry_after=_seconds_to_midnight(timezone.now()))
    if client.requests_per_minute is not None:
        waiting = rate_limit.take(client.holder, client.requests_per_minute)
        if waiting > 0:
            REFUSED.labels(TooManyRequests.code).inc()
            message = f"Rate limit reached: {client.requests_per_minute} requests per minute."
            raise TooManyRequests(message, retry_after=math.ceil(waiting))


def _seconds_to_midnight(now: datetime) -> int:
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return math.ceil((tomorrow - now).total_seconds())
