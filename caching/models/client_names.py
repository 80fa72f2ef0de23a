"""Names of clients in other tables, which know nothing of what a client is."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings


def problem_with(name: str) -> str:
    """Return why `name`, unless it is empty, names no client; "" if it does."""
    clients = apps.get_model(settings.CLIENT_MODEL)._default_manager
    return "" if not name or clients.filter(name=name).exists() else f"There is no client named {name}."
