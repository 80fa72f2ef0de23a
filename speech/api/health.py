"""Liveness and readiness for load balancers: no API key, no cache, no log line."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from caching.database import DatabaseUnavailable, NotMigrated, call, require_migrations, trouble
from caching.redis import store
from speech import providers
from speech.routing.breaker import breaker_of

_REASONS = (
    "connection refused",
    "password authentication failed",
    "no password supplied",
    "failed to resolve host",
    "timeout",
    "too many clients",
    "certificate verify failed",
    "does not exist",
    "starting up",
    "shutting down",
)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Return 503 only if requests would fail.

    Without Redis they are answered uncached, and without a database for the clients that are known: degraded, not
    failed. Otherwise an orchestrator would take every instance out of service when the database they share is down.
    """
    parts = state_of_parts()
    failed = parts["database"]["status"] != "ok" and not trouble.is_bridged
    degraded = parts["redis"]["status"] == "down" or parts["database"]["status"] != "ok"
    status = "failed" if failed else "degraded" if degraded else "ok"
    return JsonResponse({"status": status, **parts}, status=503 if failed else 200)


def state_of_parts() -> dict[str, Any]:
    return {"database": _database(), "redis": _redis(), "providers": _providers()}


def _database() -> dict[str, Any]:
    try:
        call(_ask_the_database)
    except DatabaseUnavailable:
        found = {"status": "down", "reason": _public_reason(trouble.reason)}
        return {name: value for name, value in found.items() if value}
    except NotMigrated as error:
        return {"status": "not migrated", "missing": error.names}
    return {"status": "ok"}


def _public_reason(reason: str) -> str:
    """Return the part of PostgreSQL's `reason` that names no host, user or database: everybody may ask."""
    return next((known for known in _REASONS if known in reason.lower()), "")


def _ask_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    require_migrations()


def _redis() -> dict[str, Any]:
    if not store.enabled():
        return {"status": "off"}
    milliseconds = store.ping_milliseconds()
    if milliseconds is None:
        return {"status": "down", "reason": store.state().reason, "since": store.state().since}
    return {"status": "ok", "ping_ms": milliseconds}


def _providers() -> dict[str, Any]:
    chosen = {"llm": (settings.LLM_PROVIDER, "chat"), "tts": (settings.TTS_PROVIDER, "speech")}
    return {use: _provider(name, operation) for use, (name, operation) in chosen.items()}


def _provider(name: str, operation: str) -> dict[str, Any]:
    if name not in providers.names():
        return {"name": name, "status": "unknown"}
    if missing := providers.get(name).missing_settings:
        return {"name": name, "status": "not configured", "missing": missing}
    if seconds := breaker_of(name, operation).seconds_left:
        return {"name": name, "status": "circuit open", "circuit": "open", "seconds": round(seconds, 1)}
    return {"name": name, "status": "ok"}
