"""Charts of the dashboard: data for Chart.js, and the same rows as a table and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from django.conf import settings

from caching.models import HourlyUsage
from caching.reports import queries
from caching.reports.aggregates import Figures, Filters, Latency, Period, together

EXACT, SEMANTIC, MISS = "var(--color-primary-600)", "var(--color-primary-300)", "var(--color-base-400)"
SPENT, SAVED = "#f97316", "#16a34a"
# Readable on light and dark backgrounds.
GREY = "#9ca3af"
MOST_BARS = 8
NO_REQUESTS = "No requests in this period."
NO_MONEY = "No savings or costs in this period."
BUCKETS = (
    *(f"< {most} ms" if most < 1000 else f"< {most / 1000:g} s" for most in HourlyUsage.BUCKETS_MS),
    f"≥ {HourlyUsage.BUCKETS_MS[-1] // 1000} s",
)

Series = Sequence[tuple[datetime, Figures]]
Groups = Sequence[tuple[str, Figures]]


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Literal["text", "count", "money", "percent"] = "count"


@dataclass(frozen=True, slots=True)
class Chart:
    slug: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    # Chart.js' `data`, as JSON.
    data: str
    options: str
    type: Literal["bar", "line"] = "bar"
    # Name and colour of each data set.
    legend: Sequence[tuple[str, str]] = field(default_factory=tuple)

    # Text if there is nothing to draw.
    nothing: str = NO_REQUESTS

    @property
    def is_empty(self) -> bool:
        return not any(value for row in self.rows for value in row[1 : len(self.legend) + 1])


def all_charts(period: Period, filters: Filters, series: Series) -> dict[str, Chart]:
    """Return all charts by slug. `series` is the result of `queries.timeseries` for the same period and filters."""
    levels, models = queries.by_level_and_model(period, filters)
    whole = together(figures for _, figures in series)
    mark = whole.mark if whole.at_list_prices else ""
    charts = (
        hits(series, period),
        amounts(series, period, mark),
        groups("level", "Savings by level", levels, mark),
        groups("model", "Savings by model", models, mark),
        latency(queries.latency(period, filters)),
    )
    return {chart.slug: chart for chart in charts}


def hits(series: Series, period: Period) -> Chart:
    rows = [
        (_moment(moment, period), *(f.requests[name] for name in ("exact", "semantic", "miss")), f.hit_rate)
        for moment, f in series
    ]
    columns = [Column("Time (UTC)", "text"), Column("Exact hits"), Column("Semantic hits"), Column("Misses")]
    return _chart(
        "hits",
        "Hits and misses",
        [*columns, Column("Hit rate", "percent")],
        rows,
        colours=(EXACT, SEMANTIC, MISS),
        options=_options(stacked=True),
    )


def amounts(series: Series, period: Period, mark: str = "") -> Chart:
    rows = [(_moment(moment, period), *_saved_and_spent(f, bool(mark))) for moment, f in series]
    columns = [Column("Time (UTC)", "text"), Column("Saved", "money"), Column("Spent", "money")]
    options = _options(currency=settings.DISPLAY_CURRENCY)
    return _chart("money", _money_title("Saved and spent", mark), columns, rows, (SAVED, SPENT), options, NO_MONEY)


def groups(slug: str, title: str, found: Groups, mark: str = "") -> Chart:
    rows = [(name or "–", *_saved_and_spent(f, bool(mark)), f.total, f.hit_rate) for name, f in found[:MOST_BARS]]
    columns = [Column(slug.capitalize(), "text"), Column("Saved", "money"), Column("Spent", "money")]
    return _chart(
        slug,
        _money_title(title, mark),
        [*columns, Column("Requests"), Column("Hit rate", "percent")],
        rows,
        (SAVED, SPENT),
        _options(currency=settings.DISPLAY_CURRENCY, horizontal=True),
        NO_MONEY,
    )


def _saved_and_spent(figures: Figures, at_list_prices: bool) -> tuple[Decimal, Decimal]:
    return (figures.list_saved, figures.list_spent) if at_list_prices else (figures.saved, figures.spent)


def _money_title(title: str, mark: str) -> str:
    return f"{title} ({mark})" if mark else title


def latency(found: dict[str, Latency]) -> Chart:
    shares = [found[name].shares for name in ("hits", "misses")]
    rows = list(zip(BUCKETS, *shares, strict=True))
    columns = [Column("Response time", "text"), Column("Hits", "percent"), Column("Misses", "percent")]
    options = _options(percent=True)
    return _chart("latency", "Response time: hits vs. misses", columns, rows, (EXACT, MISS), options)


class Writable(Protocol):
    def write(self, text: str, /) -> object: ...


def write_csv(chart: Chart, file: Writable) -> None:
    writer = csv.writer(file)
    writer.writerow([column.title for column in chart.columns])
    writer.writerows([inert(value) for value in row] for row in chart.rows)


def inert(value: Any) -> Any:
    """Quote what a spreadsheet would run as a formula: names of models come from clients."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _moment(moment: datetime, period: Period) -> str:
    return f"{moment:%d %b %H:00}" if period.is_hourly else f"{moment:%d %b}"


def _chart(
    slug: str,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    colours: Sequence[str],
    options: dict[str, Any],
    nothing: str = NO_REQUESTS,
) -> Chart:
    """Build a chart. The first column holds the row names; each color draws one of the following columns."""
    drawn = [(number, columns[number].title, colour) for number, colour in enumerate(colours, start=1)]
    data = {
        "labels": [row[0] for row in rows],
        "datasets": [
            {
                "label": title,
                "data": [float(row[number]) for row in rows],
                "backgroundColor": colour,
                "borderRadius": 2,
                "maxBarThickness": 28,
            }
            for number, title, colour in drawn
        ],
    }
    legend = [(title, colour) for _, title, colour in drawn]
    return Chart(slug, title, columns, rows, json.dumps(data), json.dumps(options), legend=legend, nothing=nothing)


def _options(
    *, stacked: bool = False, currency: str = "", horizontal: bool = False, percent: bool = False
) -> dict[str, Any]:
    ticks = {"color": GREY, "maxRotation": 0, "autoSkipPadding": 12}
    names: dict[str, Any] = {"stacked": stacked, "grid": {"display": False}, "ticks": ticks}
    values: dict[str, Any] = {
        "stacked": stacked,
        "beginAtZero": True,
        "border": {"display": False},
        "grid": {"display": True},
        "ticks": {**ticks, "maxTicksLimit": 5},
    }
    # Chart.js formats ticks and tooltips alike.
    if horizontal:
        names["ticks"] = {**ticks, "autoSkip": False}
    if percent:
        values["ticks"]["format"] = {"style": "percent", "minimumFractionDigits": 0, "maximumFractionDigits": 0}
        values["max"] = 1
    elif currency:
        values["ticks"]["format"] = {"style": "currency", "currency": currency, "maximumSignificantDigits": 3}
    else:
        values["ticks"]["precision"] = 0
    return {
        "animation": False,
        "maintainAspectRatio": False,
        "indexAxis": "y" if horizontal else "x",
        "interaction": {"mode": "index", "intersect": False, "axis": "y" if horizontal else "x"},
        "plugins": {"legend": {"display": False}},
        "scales": {"x": values, "y": names} if horizontal else {"x": names, "y": values},
    }
