"""Rate limit and budgets of a client, checked before anything else, the cache included."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from caching.coordination import rate_limit
from speech.budgets import budgets_of, seconds_left
from speech.exceptions import BudgetSpent, TooManyRequests
from speech.metrics import REFUSED
from speech.models import Client

if TYPE_CHECKING:
    # DRF imports this module while it defines its views.
    from rest_framework.views import APIView


RESETS = {"daily": "at midnight", "monthly": "on the first of the month at midnight"}


class ClientLimits(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return True, or raise TooManyRequests or BudgetSpent: DRF's own exception knows one reason only.

        A spent budget refuses what can cost: POST, except to views with `is_free`.
        """
        if isinstance(request.user, Client):
            client = request.user
            if client.has_budget and request.method == "POST" and not getattr(view, "is_free", False):
                _check_budgets(client)
            if client.requests_per_minute is not None:
                _check_rate(client, client.requests_per_minute)
        return True


def _check_budgets(client: Client) -> None:
    # Name the budget that resets last: waiting for the other would not help.
    if spent := [budget for budget in budgets_of(client) if budget.is_spent]:
        REFUSED.labels(BudgetSpent.code).inc()
        period = spent[-1].period
        message = f"The {period} budget of {spent[-1].amount} is spent. It resets {RESETS[period]} UTC."
        raise BudgetSpent(message, retry_after=math.ceil(seconds_left(period, timezone.now())))


def _check_rate(client: Client, per_minute: int) -> None:
    """Count one request of `client`."""
    waiting = rate_limit.take(client.holder, per_minute)
    if waiting > 0:
        REFUSED.labels(TooManyRequests.code).inc()
        message = f"Rate limit reached: {per_minute} requests per minute."
        raise TooManyRequests(message, retry_after=math.ceil(waiting))
