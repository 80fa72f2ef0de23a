"""A filter by days for lists of big tables, which any index of the time can serve.

Django's `date_hierarchy` reads the time of every row, on SQLite in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date


class DaysFilter(admin.FieldListFilter):
    """The rows from one day to another, both included, in the viewer's time zone. An invalid date is ignored."""

    template = "caching/_days_filter.html"

    def __init__(
        self, field: Any, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any, field_path: str
    ) -> None:
        self.names = (f"{field_path}_from", f"{field_path}_to")
        super().__init__(field, request, params, model, model_admin, field_path)
        self.first, self.last = (_day(self.used_parameters.get(name)) for name in self.names)

    def expected_parameters(self) -> list[str | None]:
        return [*self.names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _start(self.first)})
        if self.last:
            queryset = queryset.filter(**{f"{self.field_path}__lt": _start(self.last + timedelta(days=1))})
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the two fields, and the other parameters of the list, which the form sends again."""
        days = zip(self.names, ("From", "To"), (self.first, self.last), strict=True)
        kept = {name: values[-1] for name, values in changelist.filter_params.items() if name not in self.names}
        yield {"days": list(days), "kept": kept}


def _day(values: Any) -> date | None:
    try:
        day = parse_date(values[-1]) if values else None
    except ValueError:
        return None
    # The start of the first or last days of Python's calendar may have no time in UTC.
    return day if day and date.min.year < day.year < date.max.year else None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
