"""The front page: purpose of the service, its health, and where to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from speech.api import health


@dataclass(frozen=True, slots=True)
class Health:
    # `good`, `fair` (requests are answered, but not as they should be) or `bad`.
    colour: str
    sentence: str
    # Name and state of each part.
    parts: list[tuple[str, str]]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {
        "health": health_in_words(health.state_of_parts()),
        "address": request.build_absolute_uri("/").rstrip("/"),
        "version": settings.VERSION,
    }
    return render(request, "site/home.html", context)


def health_in_words(state: dict[str, Any]) -> Health:
    """Put the state that `/readyz` reports into words."""
    database, redis, used = state["database"], state["redis"], state["providers"]
    parts = [
        ("Redis", _REDIS[redis["status"]] + (f": {redis['reason']}" if redis.get("reason") else "")),
        ("Database", _DATABASE[database["status"]]),
        *((_USES[use], _provider(provider)) for use, provider in used.items()),
    ]
    if database["status"] != "ok":
        sentence = "The database is disconnected: only clients known before are served"
        if database["status"] == "not migrated":
            sentence = "The database lacks migrations: run manage.py migrate"
        return Health("bad", sentence, parts)
    if failing := [each["name"] for each in used.values() if each["status"] != "ok"]:
        return Health("bad", f"Requests that need {' or '.join(dict.fromkeys(failing))} fail", parts)
    if redis["status"] != "ok":
        sentence = "Caching is off" if redis["status"] == "off" else "Redis is disconnected"
        return Health("fair", f"{sentence}: every request is paid for", parts)
    return Health("good", "All systems operational", parts)


_DATABASE = {"ok": "connected", "down": "disconnected", "not migrated": "lacks migrations"}
_REDIS = {"ok": "connected", "down": "disconnected", "off": "REDIS_URL is not set"}
_USES = {"llm": "Chat", "tts": "Speech"}


def _provider(provider: dict[str, Any]) -> str:
    name = str(provider["name"])
    match provider["status"]:
        case "ok":
            return f"{name}, ready"
        case "not configured":
            return f"{name}, not configured: set {', '.join(provider['missing'])}"
        case "unknown":
            return f"{name}, which is not a provider"
        case _:
            return f"{name}, circuit open for {provider['seconds']} s"
