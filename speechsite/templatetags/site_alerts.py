"""The alerts at the top of every page of the admin."""

from __future__ import annotations

from typing import Any

from django import template

from caching.dashboard import alerts as cache_alerts
from caching.dashboard.alerts import Alert
from caching.dashboard.page import FIGURES
from speech.routing.breaker import open_circuits

register = template.Library()

ADVICE = "Requests go to the fallbacks, if there are any. The first trial call that succeeds closes it."


@register.inclusion_tag("caching/_alerts.html", takes_context=True)
def alerts(context: dict[str, Any]) -> dict[str, Any]:
    request = context.get("request")
    if request is None or not request.user.has_perm(FIGURES):
        return {"alerts": []}
    circuits = [Alert("error", sentence, ADVICE) for sentence in open_circuits()]
    return {"alerts": [*circuits, *cache_alerts.current()]}
