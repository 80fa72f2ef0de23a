"""Usage of a client on its page: 30 days, budgets, what it asks most, and its rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from caching.dashboard import cards, charts
from caching.dashboard.page import FIGURES, TEXTS
from caching.models import CacheRule
from caching.reports import queries
from caching.reports.aggregates import Filters, together
from caching.reports.client_usage import DAYS, top_entries
from caching.reports.period import Period
from speech.budgets import budgets_of
from speech.models import Client


def context(request: HttpRequest, client: Client) -> dict[str, Any]:
    """Return what the user may see of the usage of `client`."""
    about = {"client": client, "budgets": budgets_of(client), "rules": CacheRule.objects.filter(client=client.name)}
    if not request.user.has_perm(FIGURES):
        return about
    period, filters = Period.last(timedelta(days=DAYS)), Filters(client=client.name)
    line = charts.Timeline(period, queries.timeseries(period, filters), [])
    figures = together(line.now)
    return about | {
        "may_see_figures": True,
        "headline": cards.headline(figures),
        "charts": charts.savings(line, figures.mark if figures.at_list_prices else "") if figures.total else [],
        "query": urlencode({"client": client.name, "period": "30d"}),
        "top_entries": top_entries(client.name) if request.user.has_perm(TEXTS) else [],
    }
