"""Context of the dashboard: savings, accuracy, health."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from caching.archive import audio as archive
from caching.archive import files
from caching.dashboard import charts, first_steps, verdicts
from caching.dashboard.audit_log import viewed
from caching.dashboard.forms import PERIODS, DashboardForm
from caching.maintenance import browse
from caching.pricing.list_prices import EXPLANATION
from caching.redis.health import keys_by_kind, redis_health
from caching.reports import queries
from caching.reports.aggregates import Figures, change, together
from caching.reports.semantic_quality import correctness
from caching.templatetags.formatting import count, money, percent

# Time limit for counting keys; the rest is extrapolated.
COUNTING_SECONDS = 0.05
SEMANTIC_HITS = 10
# Permissions: to see what was asked and saved, and to read and hear it.
FIGURES, TEXTS = "caching.view_hourlyusage", "caching.view_texts"


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    value: str
    note: str
    # Growth relative to the previous period; for the hit rate the difference.
    change: float | None = None
    in_points: bool = False
    # `better`, `worse` or `neither`.
    more_is: str = "better"
    badge: str = ""

    @property
    def trend(self) -> str:
        if not self.change or self.more_is == "neither":
            return ""
        return self.more_is if self.change > 0 else {"better": "worse", "worse": "better"}[self.more_is]

    @property
    def change_text(self) -> str:
        if self.change is None:
            return ""
        size = f"{abs(self.change) * 100:,.1f} pts" if self.in_points else f"{abs(self.change):,.0%}"
        return f"{'−' if self.change < 0 else '+'}{size}"


def context(request: HttpRequest, base: dict[str, Any]) -> dict[str, Any]:
    """Return the context for what the user may see."""
    if not request.user.has_perm(FIGURES):
        return base
    if may_read := request.user.has_perm(TEXTS):
        viewed(request, "questions on the dashboard")
    form = DashboardForm(request.GET)
    period, filters = form.selected_period(), form.selected_filters()
    series = queries.timeseries(period, filters)
    now = together(figures for _, figures in series)
    return {
        **base,
        "may_see_figures": True,
        "may_read": may_read,
        "is_empty": not request.GET and first_steps.is_empty(),
        "first_steps_tabs": first_steps.TABS,
        "has_sample_data": now.sample_requests > 0,
        "form": form,
        "period": period,
        "periods": _period_links(request, form),
        "query": request.GET.urlencode(),
        "cards": cards(now, queries.summary(period.before, filters)),
        "charts": charts.all_charts(period, filters, series),
        "top_questions": queries.top_questions(period, filters) if may_read else [],
        "unpriced": queries.unpriced_models(period),
        "semantic_hits": verdicts.with_verdicts(queries.recent_semantic_hits(SEMANTIC_HITS, filters))
        if may_read
        else [],
        "correctness": correctness(period, filters),
        "redis": redis_health(),
        "key_counts": keys_by_kind(COUNTING_SECONDS),
        "archive": archive.size() if files.enabled() else None,
        "index_sizes": browse.semantic_index_sizes(),
    }


def cards(now: Figures, before: Figures) -> list[Card]:
    gained = now.hit_rate - before.hit_rate if now.hit_rate is not None and before.hit_rate is not None else None
    looked_up = now.hits + now.requests["miss"]
    return [
        Card(
            "Hit rate",
            percent(now.hit_rate),
            f"{count(now.hits)} of {count(looked_up)} lookups",
            gained,
            in_points=True,
        ),
        *(_list_price_cards(now, before) if now.at_list_prices else _money_cards(now, before)),
        Card(
            "Requests",
            count(now.total),
            f"{count(now.tokens_served)} tokens from the cache, {count(now.tokens_billed)} billed",
            change(now.total, before.total),
            more_is="neither",
        ),
    ]


def _money_cards(now: Figures, before: Figures) -> list[Card]:
    note = f"net of {money(now.overhead)} cache overhead"
    if now.list_saved:
        apart = "sample data" if now.mark == "sample data" else "local providers"
        note += f"; {apart} not included ({money(now.list_saved)} at list prices)"
    return [
        Card("Money saved", money(now.saved), note, change(now.saved, before.saved)),
        Card("Money spent", money(now.spent), _spent_note(now), change(now.spent, before.spent), more_is="worse"),
    ]


def _list_price_cards(now: Figures, before: Figures) -> list[Card]:
    """Nothing was paid: show the worth of the same traffic at a hosted provider, marked as such."""
    whole = now.list_spent + now.list_saved
    share = f", {percent(float(now.list_saved / whole))} of {money(whole)}" if whole else ""
    is_invented = now.mark == "sample data"
    saved_note = "invented" if is_invented else "if a hosted provider had answered"
    spent_note = "nothing was paid: " + ("invented traffic" if is_invented else EXPLANATION)
    saved, spent = change(now.list_saved, before.list_saved), change(now.list_spent, before.list_spent)
    return [
        Card("Money saved", money(now.list_saved), f"{saved_note}{share}", saved, badge=now.mark),
        Card("Money spent", money(now.list_spent), spent_note, spent, more_is="worse", badge=now.mark),
    ]


def _spent_note(figures: Figures) -> str:
    if figures.unpriced:
        return f"excludes {count(figures.unpriced)} unpriced requests"
    return f"{money(figures.spent + max(figures.saved, Decimal(0)))} without a cache"


def _period_links(request: HttpRequest, form: DashboardForm) -> list[dict[str, Any]]:
    query = request.GET.copy()
    for name in ("start", "end"):
        query.pop(name, None)
    links = []
    for name, (title, *_) in PERIODS.items():
        query["period"] = name
        links.append({"title": title, "link": f"?{query.urlencode()}", "active": name == form.period_name})
    return links
