"""Names of clients in other tables, which know nothing of what a client is."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db.models import Model

# Staff who try the gateway are this client, which is created when the first of them does.
PLAYGROUND = "playground"


def problem_with(name: str, row: Model) -> str:
    """Return why `name` cannot be the client of `row`, or "". A client that is gone may stay in its rows."""
    if name in ("", PLAYGROUND) or apps.get_model(settings.CLIENT_MODEL)._default_manager.filter(name=name).exists():
        return ""
    stays = type(row)._default_manager.filter(pk=row.pk, client=name).exists()
    return "" if stays else f"There is no client named {name}."
