"""Context of the dashboard: savings on one tab, accuracy and health on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from caching.archive import audio as archive
from caching.archive import files
from caching.dashboard import cards, charts, first_steps, verdicts
from caching.dashboard.audit_log import viewed
from caching.dashboard.forms import PERIODS, DashboardForm
from caching.maintenance import browse
from caching.models.ledger import Unit
from caching.pricing import prices
from caching.redis.health import keys_by_kind, redis_health
from caching.reports import leaders, queries
from caching.reports.aggregates import Figures, together
from caching.reports.semantic_quality import correctness

# For counting keys, a twelfth of the 0.3 s promised for a page; the rest is extrapolated.
COUNTING_SECONDS = 0.025
SEMANTIC_HITS = 10
MAX_GROUPS = 8
# Permissions: to see what was asked and saved, and to read and hear it.
FIGURES, TEXTS = "caching.view_hourlyusage", "caching.view_texts"
TABS = {"savings": "Savings", "health": "Quality and health"}
# What a tab reads of the period and of the one before. Both tabs begin with the headline, which needs money and times
# of the period itself.
COLUMNS = {
    "savings": (queries.EVERY_FIGURE, queries.MONEY),
    "health": (queries.MONEY_AND_TIMES, queries.TIMES),
}


@dataclass(frozen=True, slots=True)
class Group:
    """A row of a table by client, model, provider or level."""

    name: str
    figures: Figures
    # Length of its bar, in percent of the longest.
    length: float
    # Address of the page with this alone.
    link: str
    at_list_prices: bool

    @property
    def saved(self) -> Any:
        return self.figures.list_saved if self.at_list_prices else self.figures.saved

    @property
    def spent(self) -> Any:
        return self.figures.list_spent if self.at_list_prices else self.figures.spent


def context(request: HttpRequest, base: dict[str, Any]) -> dict[str, Any]:
    """Return the context for what the user may see."""
    if not request.user.has_perm(FIGURES):
        return base
    if may_read := request.user.has_perm(TEXTS):
        viewed(request, "questions on the dashboard")
    form = DashboardForm(request.GET)
    period, filters = form.selected_period(), form.selected_filters()
    earlier = period.before
    shown, compared = COLUMNS[form.tab_name]
    before = queries.timeseries(earlier, filters, compared)
    if not (compares := earlier.is_covered(before)):
        before = []
    line = charts.Timeline(period, queries.timeseries(period, filters, shown), before)
    # Of all that was before: beside a change of the clock that is an hour more than its line has room for.
    figures = together(line.now), together(each for _, each in before)
    tab = _health if form.tab_name == "health" else _savings
    return {
        **base,
        "may_see_figures": True,
        "may_read": may_read,
        "is_empty": not request.GET and first_steps.is_empty(),
        "first_steps_tabs": first_steps.TABS,
        "has_sample_data": figures[0].sample_requests > 0,
        "form": form,
        "period": period,
        "compares": compares,
        "zone": timezone.get_current_timezone_name(),
        "periods": [
            (title, address(request, period=name, start="", end=""), name == form.period_name)
            for name, (title, *_) in PERIODS.items()
        ],
        "tabs": [
            (title, address(request, tab=name if name != "savings" else ""), name == form.tab_name)
            for name, title in TABS.items()
        ],
        "types": [
            (title, address(request, cache_type=name), name == filters.cache_type) for name, title in form.cache_types()
        ],
        "chips": [
            (name, value, address(request, **{name: ""}))
            for name, value in filters.conditions().items()
            if name != "cache_type"
        ],
        "query": request.GET.urlencode(),
        "tab": form.tab_name,
        "headline": cards.headline(figures[0]),
        "redis": redis_health(),
        **tab(request, form, line, figures, may_read=may_read),
    }


@dataclass(frozen=True, slots=True)
class Unpriced:
    provider: str
    model: str
    requests: int
    # It has prices, but not for the unit that the provider reports.
    is_listed: bool
    # What the form for a new price begins with.
    query: str


def unpriced(provider: str, model: str, requests: int) -> Unpriced:
    is_listed = prices.table().lists(provider, model)
    known = {"provider": provider, "model": model} | ({"unit": Unit.CHARACTERS} if is_listed else {})
    return Unpriced(provider, model, requests, is_listed, urlencode(known))


Two = tuple[Figures, Figures]


def _savings(
    request: HttpRequest, form: DashboardForm, line: charts.Timeline, figures: Two, *, may_read: bool
) -> dict[str, Any]:
    period, filters = line.period, form.selected_filters()
    now = figures[0]
    mark = now.mark if now.at_list_prices else ""
    by_dimension = queries.by_dimension(period, filters)
    return {
        "cards": cards.savings(*figures),
        "charts": charts.savings(line, mark),
        "mark": mark,
        "breakdowns": [
            (name, charts.DIMENSIONS[name], _groups(request, name, groups, now.at_list_prices))
            for name, groups in by_dimension.items()
        ],
        "top_questions": leaders.top_questions(period, filters) if may_read else [],
        # Unfiltered: a missing price is missed by every client.
        "unpriced": [unpriced(*model) for model in queries.unpriced_models(period)],
    }


def _health(
    request: HttpRequest, form: DashboardForm, line: charts.Timeline, figures: Two, *, may_read: bool
) -> dict[str, Any]:
    period, filters = line.period, form.selected_filters()
    found = verdicts.with_verdicts(queries.semantic_hits(period, filters)[:SEMANTIC_HITS]) if may_read else []
    earlier = {(provider, code): n for provider, code, n in queries.errors(period.before, filters)}
    return {
        "cards": cards.health(*figures),
        "charts": charts.health(line),
        "errors": [
            (provider, code, n, earlier.get((provider, code), 0))
            for provider, code, n in queries.errors(period, filters)
        ],
        "semantic_hits": found,
        "restorable": verdicts.restorable() if may_read else [],
        "same_wording": queries.same_wording_hits(period, filters),
        "correctness": correctness(period, filters),
        "key_counts": keys_by_kind(COUNTING_SECONDS),
        "archive": archive.size() if files.enabled() else None,
        "index_sizes": browse.semantic_index_sizes(),
    }


def _groups(request: HttpRequest, name: str, found: queries.Groups, at_list_prices: bool) -> list[Group]:
    shown = [(key, figures) for key, figures in found[:MAX_GROUPS] if figures.total]
    worth = [float(figures.list_saved if at_list_prices else figures.saved) for _, figures in shown]
    # Without money the bars are of requests.
    lengths = worth if any(amount > 0 for amount in worth) else [float(figures.total) for _, figures in shown]
    longest = max(lengths, default=1.0)
    return [
        Group(
            "/".join(key) or "–",
            figures,
            max(0.0, 100 * length / longest),
            address(request, **dict(zip(queries.DIMENSIONS[name], key, strict=True))),
            at_list_prices,
        )
        for (key, figures), length in zip(shown, lengths, strict=True)
    ]


def address(request: HttpRequest, **changed: str) -> str:
    """Return the address of the same page with other values; an empty one is left out."""
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = value
        if not value:
            del query[name]
    return f"?{query.urlencode()}"
