"""Banners at the top of every page of the admin."""

from __future__ import annotations

from typing import Any

from django import template

from caching.dashboard import banners as cache_banners
from caching.dashboard.banners import Banner
from caching.dashboard.page import FIGURES
from speech.routing.breaker import open_circuits

register = template.Library()

ADVICE = "Requests go to the fallbacks, if there are any. The first trial call that succeeds closes it."


@register.inclusion_tag("caching/_banners.html", takes_context=True)
def banners(context: dict[str, Any]) -> dict[str, Any]:
    request = context.get("request")
    if request is None or not request.user.has_perm(FIGURES):
        return {"banners": []}
    circuits = [Banner("error", sentence, ADVICE) for sentence in open_circuits()]
    return {"banners": [*circuits, *cache_banners.current()]}
