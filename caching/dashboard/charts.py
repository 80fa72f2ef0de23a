"""Charts of the dashboard: what `charts.js` draws, and the same figures as a table and as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.utils import timezone

from caching.maintenance.spreadsheets import inert
from caching.models import Outcome
from caching.reports import queries
from caching.reports.aggregates import Figures, Filters, percentile, together
from caching.reports.period import Period
from caching.templatetags.formatting import as_text

# A minute has few requests: its own hit rate would jump between 0 and 1.
RATE_MINUTES = 5
NO_REQUESTS = "No requests in this period."
NO_MONEY = "No savings or costs in this period."
NO_ERRORS = "No errors in this period."
DIMENSIONS = {"client": "Client", "model": "Model", "provider": "Provider", "level": "Level"}

Series = Sequence[tuple[datetime, Figures]]
Groups = Sequence[tuple[tuple[str, ...], Figures]]
Value = float | Decimal | None
Kind = Literal["text", "count", "money", "percent", "seconds"]


class Column(NamedTuple):
    title: str
    kind: Kind = "count"


class Drawn(NamedTuple):
    """One data set of a chart. `colour` names a custom property of pages.css, `--chart-…`."""

    title: str
    colour: str
    values: Sequence[Value]
    shape: Literal["bar", "line"] = "bar"
    is_share: bool = False
    # Of the period before: dashed, and not in the table.
    is_before: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    slug: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    drawn: Sequence[Drawn] = ()
    labels: Sequence[str] = ()
    kind: Kind = "count"
    stacked: bool = False
    # Text if there is nothing to draw.
    nothing: str = NO_REQUESTS
    period: Period | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        return not any(value for drawn in self.drawn if not drawn.is_before for value in drawn.values)

    @property
    def json(self) -> str:
        sets = [
            {
                "label": drawn.title,
                "colour": drawn.colour,
                "shape": drawn.shape,
                "share": drawn.is_share,
                "before": drawn.is_before,
                "values": [None if value is None else round(float(value), 9) for value in drawn.values],
            }
            for drawn in self.drawn
        ]
        told = {"kind": self.kind, "currency": settings.DISPLAY_CURRENCY, "stacked": self.stacked}
        return json.dumps({**told, "labels": list(self.labels), "days": self.days, "sets": sets})

    @property
    def texts(self) -> Iterator[list[tuple[Kind, str]]]:
        """The rows of the table on the page; each text with its kind."""
        kinds = [column.kind for column in self.columns]
        for label, (_, *values) in zip(self.labels, self.rows, strict=True):
            yield list(zip(kinds, [label, *map(as_text, values, kinds[1:])], strict=True))

    @property
    def days(self) -> list[str]:
        """The day of each bar, to look at alone; empty for bars of hours or minutes."""
        by_day = self.period is not None and self.period.step >= timedelta(days=1)
        return [str(row[0])[:10] for row in self.rows] if by_day else []

    @property
    def file_name(self) -> str:
        days = f"_{self.period.start:%Y-%m-%d}_{self.period.end:%Y-%m-%d}" if self.period else ""
        return f"{self.slug}{days}.csv"


class Timeline:
    """The figures of a period by step, with those of the period before at the same places."""

    def __init__(self, period: Period, series: Series, before: Series) -> None:
        """`before` is empty if the period before is no comparison."""
        self.period = period
        self.moments = [moment for moment, _ in series]
        self.now = [figures for _, figures in series]
        earlier = [figures for _, figures in before][-len(self.now) :]
        self.before = [Figures()] * (len(self.now) - len(earlier)) + earlier if earlier else []
        self.labels = [label(moment, period) for moment in self.moments]

    def drawn(self, title: str, colour: str, of: Callable[[Figures], Value], **how: Any) -> Drawn:
        return Drawn(title, colour, [of(figures) for figures in self.now], **how)

    def drawn_before(self, title: str, colour: str, of: Callable[[Figures], Value]) -> list[Drawn]:
        return self.values_before(title, colour, [of(figures) for figures in self.before])

    def values_before(self, title: str, colour: str, values: Sequence[Value], **how: Any) -> list[Drawn]:
        name = f"{title}, period before"
        return [Drawn(name, colour, values, "line", is_before=True, **how)] if self.before else []

    def chart(self, slug: str, title: str, columns: Sequence[Column], drawn: Sequence[Drawn], **how: Any) -> Chart:
        own = [each.values for each in drawn if not each.is_before]
        rows = list(zip([_iso(moment) for moment in self.moments], *own, strict=True))
        return Chart(
            slug, title, [Column("Time", "text"), *columns], rows, drawn, self.labels, period=self.period, **how
        )


def savings(line: Timeline, mark: str = "") -> list[Chart]:
    return [hits(line), amounts(line, mark)]


def health(line: Timeline) -> list[Chart]:
    return [latency(line), errors(line)]


def all_charts(period: Period, filters: Filters) -> dict[str, Chart]:
    """Return all charts and tables by slug, as files have them."""
    line = Timeline(period, queries.timeseries(period, filters), [])
    whole = together(line.now)
    mark = whole.mark if whole.at_list_prices else ""
    tables = [table(name, groups, bool(mark), period) for name, groups in queries.by_dimension(period, filters).items()]
    return {chart.slug: chart for chart in [*savings(line, mark), *health(line), *tables]}


def hits(line: Timeline) -> Chart:
    outcomes = [
        ("Exact hits", "exact", Outcome.EXACT),
        ("Semantic hits", "semantic", Outcome.SEMANTIC),
        ("Misses", "miss", Outcome.MISS),
        ("Errors", "error", Outcome.ERROR),
    ]
    bars = [line.drawn(title, colour, _count_of(outcome)) for title, colour, outcome in outcomes]
    title = f"Hit rate ({RATE_MINUTES} min)" if line.period.by_minute else "Hit rate"
    rates = [
        Drawn(title, "rate", _rates(line.now, line.period), "line", is_share=True),
        *line.values_before(title, "rate", _rates(line.before, line.period), is_share=True),
    ]
    columns = [*(Column(title) for title, *_ in outcomes), Column(title, "percent")]
    return line.chart("hits", "Hits and misses", columns, [*bars, *rates], stacked=True)


def _rates(series: Sequence[Figures], period: Period) -> list[Value]:
    if not period.by_minute:
        return [figures.hit_rate for figures in series]
    counts = [(figures.hits, figures.looked_up) for figures in series]
    sums = (map(sum, zip(*window, strict=True)) for window in _windows(counts))
    return [served / looked_up if looked_up else None for served, looked_up in sums]


def _count_of(outcome: str) -> Callable[[Figures], float]:
    return lambda figures: figures.requests[outcome]


def amounts(line: Timeline, mark: str = "") -> Chart:
    def saved(figures: Figures) -> Decimal:
        return _saved_and_spent(figures, bool(mark))[0]

    def spent(figures: Figures) -> Decimal:
        return _saved_and_spent(figures, bool(mark))[1]

    drawn = [line.drawn("Saved", "saved", saved), line.drawn("Spent", "spent", spent)]
    before = line.values_before("Saved", "saved", _means(line, saved))
    before += line.values_before("Spent", "spent", _means(line, spent))
    columns = [Column("Saved", "money"), Column("Spent", "money")]
    title = f"Saved and spent ({mark})" if mark else "Saved and spent"
    return line.chart("money", title, columns, [*drawn, *before], kind="money", nothing=NO_MONEY)


def _means(line: Timeline, of: Callable[[Figures], Decimal]) -> list[Decimal]:
    """Return the amounts before, those of minutes as means: the line of single ones would hide the bars."""
    amounts = [of(figures) for figures in line.before]
    return [sum(each, Decimal(0)) / len(each) for each in _windows(amounts)] if line.period.by_minute else amounts


def _windows(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[max(0, end - RATE_MINUTES) : end] for end in range(1, len(values) + 1)]


def latency(line: Timeline) -> Chart:
    shares = [("median", 0.5), ("95th percentile", 0.95)]
    drawn: list[Drawn] = []
    for name, colour, times in (("Hits", "exact", "hit_times"), ("Misses", "miss", "miss_times")):
        for title, share in shares:
            of = _percentile_of(times, share)
            thin = "" if share == 0.5 else "-high"
            drawn.append(line.drawn(f"{name}, {title}", f"{colour}{thin}", of, shape="line"))
            drawn += line.drawn_before(f"{name}, {title}", f"{colour}{thin}", of)
    columns = [Column(each.title, "seconds") for each in drawn if not each.is_before]
    return line.chart("latency", "Response time: hits vs. misses", columns, drawn, kind="seconds")


def _percentile_of(times: str, share: float) -> Callable[[Figures], float | None]:
    return lambda figures: percentile(getattr(figures, times), share)


def errors(line: Timeline) -> Chart:
    count = _count_of(Outcome.ERROR)
    drawn = [line.drawn("Errors", "error", count), *line.drawn_before("Errors", "error", count)]
    return line.chart("errors", "Errors", [Column("Errors")], drawn, nothing=NO_ERRORS)


def table(slug: str, found: Groups, at_list_prices: bool, period: Period) -> Chart:
    """Return figures by one dimension; for files, all of them."""
    rows = [("/".join(key) or "–", *_saved_and_spent(f, at_list_prices), f.total, f.hit_rate) for key, f in found]
    columns = [Column(DIMENSIONS[slug], "text"), Column("Saved", "money"), Column("Spent", "money")]
    return Chart(
        slug,
        f"By {slug}",
        [*columns, Column("Requests"), Column("Hit rate", "percent")],
        rows,
        period=period,
    )


def _saved_and_spent(figures: Figures, at_list_prices: bool) -> tuple[Decimal, Decimal]:
    return (figures.list_saved, figures.list_spent) if at_list_prices else (figures.saved, figures.spent)


_FORMATS: dict[str, Callable[[Any], Any]] = {
    "money": lambda amount: f"{amount:.6f}",
    "percent": lambda share: f"{share:.4f}",
    "seconds": lambda seconds: f"{seconds:.6f}",
}


def csv_rows(chart: Chart) -> Iterator[list[Any]]:
    """Yield the header and the rows, with moments in ISO 8601 and amounts in the display currency, which it names."""
    currency = settings.DISPLAY_CURRENCY
    yield [f"{title} ({currency})" if kind == "money" else title for title, kind in chart.columns]
    for row in chart.rows:
        yield [_cell(value, column.kind) for value, column in zip(row, chart.columns, strict=True)]


def _cell(value: Any, kind: Kind) -> Any:
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else _FORMATS.get(kind, lambda same: same)(value)


def label(moment: datetime, period: Period) -> str:
    if period.step >= timedelta(days=1):
        day = f"{moment:%d %b}".lstrip("0")
        begins = timezone.localtime(period.first)
        # Only a part of it is counted.
        return f"{day}, from {begins:%H:%M}" if moment < begins else day
    local = timezone.localtime(moment)
    return f"{local:%H:%M}" if period.step < timedelta(hours=1) else f"{local:%d %b %H:%M}".lstrip("0")


def _iso(moment: datetime) -> str:
    # Moments by day are at midnight of the viewer already.
    local = moment if moment.utcoffset() else timezone.localtime(moment)
    return local.isoformat(timespec="minutes")
