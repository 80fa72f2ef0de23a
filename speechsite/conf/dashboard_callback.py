from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from caching.dashboard import page
from speech.routing.breaker import open_circuits
from speechsite.server import first_run


def context(request: HttpRequest, base: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the dashboard, for django-unfold's DASHBOARD_CALLBACK."""
    may_see_keys = request.user.has_perm("speech.view_client")
    return {
        **page.context(request, base),
        "open_circuits": open_circuits(),
        "address": request.build_absolute_uri("/").rstrip("/"),
        "api_key": (may_see_keys and first_run.demo_key()) or "$KEY",
    }
