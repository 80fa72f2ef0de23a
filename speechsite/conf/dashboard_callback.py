from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from caching.dashboard import page
from speech.budgets import low_budgets
from speechsite.server import first_run


def context(request: HttpRequest, base: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the dashboard, for django-unfold's DASHBOARD_CALLBACK."""
    may_see_keys = request.user.has_perm("speech.view_client")
    return {
        **page.context(request, base),
        "low_budgets": _budget_warnings() if may_see_keys else [],
        "address": request.build_absolute_uri("/").rstrip("/"),
        "api_key": (may_see_keys and first_run.demo_key()) or "$KEY",
    }


def _budget_warnings() -> list[str]:
    return [
        f"{client} has spent {budget.share:.0%} of its {budget.period} budget of {budget.amount}."
        for client, budget in low_budgets()
    ]
