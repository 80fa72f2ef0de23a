"""The weekly report of savings."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from caching.reports import queries
from caching.reports.aggregates import Figures
from caching.reports.period import Period
from caching.templatetags.formatting import count, money, percent
from speech.budgets import low_budgets

WEEK = timedelta(days=7)
MAX_MODELS = 5


def weekly() -> tuple[str, str]:
    """Return subject and text of the report of the last seven days."""
    period = Period.last(WEEK)
    now, before = queries.summary(period), queries.summary(period.before)
    _, models = queries.by_level_and_model(period)
    saved = [f"{name}: {money(found.saved)}" for name, found in models if found.saved]
    budgets = [f"{client}: {budget} of {budget.amount}" for client, budget in low_budgets()]
    lines = [
        f"{period.start:%d %B} to {period.end:%d %B %Y} (UTC), in {settings.DISPLAY_CURRENCY}.",
        "",
        f"Saved     {money(now.saved)} (the week before: {money(before.saved)})",
        f"Spent     {money(now.spent)} (the week before: {money(before.spent)})",
        f"Hit rate  {percent(now.hit_rate)} (the week before: {percent(before.hit_rate)})",
        f"Requests  {count(now.total)}",
        *_at_list_prices(now),
        *([f"{count(now.unpriced)} requests have no price and are in no amount."] if now.unpriced else []),
        *_block("Most saved by model", saved[:MAX_MODELS]),
        *_block("Budgets of which most is spent", budgets),
    ]
    return f"The speech gateway saved {money(now.saved)} this week", "\n".join(lines) + "\n"


def _at_list_prices(figures: Figures) -> list[str]:
    if not figures.list_saved:
        return []
    return [f"At list prices ({figures.mark}), not in the amounts above: {money(figures.list_saved)} saved"]


def _block(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"- {line}" for line in lines)] if lines else []
