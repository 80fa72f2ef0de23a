from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from caching.dashboard import page
from speech.routing.breaker import open_circuits


def context(request: HttpRequest, base: dict[str, Any]) -> dict[str, Any]:
    """django-unfold's DASHBOARD_CALLBACK: the page of the cache, with the state of the providers."""
    return {**page.context(request, base), "open_circuits": open_circuits()}
