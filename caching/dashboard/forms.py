"""Filter forms of the dashboard and the key list."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from caching import keys
from caching.maintenance.selection import LABELS, LISTED, Selection
from caching.policy import CACHE_TYPES, LEVELS
from caching.reports.aggregates import Filters
from caching.reports.durations import parse_duration
from caching.reports.period import Period

PERIODS = {
    "1h": ("1 h", timedelta(hours=1), "hour"),
    "24h": ("24 h", timedelta(hours=24), "24 hours"),
    "7d": ("7 d", timedelta(days=7), "7 days"),
    "30d": ("30 d", timedelta(days=30), "30 days"),
}
DEFAULT_PERIOD = "24h"
LONGEST = timedelta(days=366)
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
FILTERS = ("cache_type", "level", "provider", "client", "model")
_DATE = {"type": "date"}


class DashboardForm(forms.Form):
    """Period and filters from the query string."""

    period = forms.ChoiceField(choices=[(name, title) for name, (title, *_) in PERIODS.items()], required=False)
    start = forms.DateField(required=False, label="From", widget=UnfoldAdminTextInputWidget(attrs=_DATE))
    end = forms.DateField(required=False, label="To", widget=UnfoldAdminTextInputWidget(attrs=_DATE))
    tab = forms.ChoiceField(choices=[("savings", ""), ("health", "")], required=False)
    cache_type = forms.ChoiceField(choices=CACHE_TYPES.items(), required=False)
    level = forms.ChoiceField(choices=[(level, level) for level in LEVELS], required=False)
    provider = forms.CharField(max_length=50, required=False)
    model = forms.CharField(max_length=200, required=False)
    client = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if bool(start) != bool(end):
            raise forms.ValidationError("Enter both a start and an end date.")
        if any(day and not EARLIEST <= day <= LATEST for day in (start, end)):
            raise forms.ValidationError(f"Enter days between {EARLIEST} and {LATEST}.")
        if start and end and not timedelta(0) <= end - start < LONGEST:
            raise forms.ValidationError("The start date must be before the end date, and at most one year earlier.")
        return values

    @property
    def is_custom(self) -> bool:
        return self.is_valid() and bool(self.cleaned_data["start"])

    @property
    def period_name(self) -> str:
        return "" if self.is_custom else self._valid().get("period") or DEFAULT_PERIOD

    @property
    def comparison(self) -> str:
        """Name of the period before the selected one, such as `vs. previous 24 hours`."""
        days = self.selected_period().calendar_days
        custom = "day" if days == 1 else f"{days} days"
        return f"vs. previous {custom if self.is_custom else PERIODS[self.period_name][2]}"

    @property
    def tab_name(self) -> str:
        return self._valid().get("tab") or "savings"

    def cache_types(self) -> list[tuple[str, str]]:
        return [("", "All"), *CACHE_TYPES.items()]

    def selected_period(self) -> Period:
        """The selected period; the default one if the form is invalid."""
        if not self.is_custom:
            return Period.last(PERIODS[self.period_name][1], by_minute=self.period_name == "1h")
        zone = timezone.get_current_timezone()
        start, end = (datetime.combine(self.cleaned_data[name], time(), zone) for name in ("start", "end"))
        return Period(start.astimezone(UTC), (end + timedelta(days=1)).astimezone(UTC), of_days=True)

    def selected_filters(self) -> Filters:
        values = self._valid()
        return Filters(**{name: values.get(name) or "" for name in FILTERS})

    def _valid(self) -> dict[str, Any]:
        return self.cleaned_data if self.is_valid() else {}


class KeysForm(forms.Form):
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Answers, speech and more"), *((kind, LABELS[kind].capitalize()) for kind in keys.KINDS)],
        widget=UnfoldAdminSelectWidget,
    )
    q = forms.CharField(
        required=False,
        max_length=500,
        label="Search",
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "Words or a key", "title": "A key may be a pattern, such as tts:espeak:*"}
        ),
    )
    level = forms.ChoiceField(
        required=False,
        choices=[("", "All levels"), *((level, level) for level in LEVELS)],
        widget=UnfoldAdminSelectWidget,
    )
    client = forms.CharField(
        required=False, max_length=200, label="Client", widget=UnfoldAdminTextInputWidget(attrs={"list": "clients"})
    )
    sort = forms.ChoiceField(
        required=False,
        label="Order",
        choices=[("", "As stored"), ("hits", "Most hits"), ("saved", "Most saved"), ("expires", "Next to expire")],
        widget=UnfoldAdminSelectWidget,
    )
    older_than = forms.CharField(
        required=False,
        max_length=10,
        label="Older than",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "15m, 24h, 7d"}),
    )
    cursor = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def clean_older_than(self) -> float | None:
        """Return seconds."""
        text = self.cleaned_data["older_than"]
        try:
            return parse_duration(text).total_seconds() if text else None
        except ArgumentTypeError as error:
            raise forms.ValidationError(f"Older than {error}.") from None

    @property
    def pattern(self) -> str:
        """The search term if it contains `*` or starts like a key."""
        wanted: str = self.cleaned_data["q"] if self.is_valid() else ""
        return wanted if "*" in wanted or keys.kind_of(wanted) else ""

    @property
    def text(self) -> str:
        """The search term if it is not a pattern."""
        return "" if self.pattern or not self.is_valid() else self.cleaned_data["q"]

    @property
    def sort_name(self) -> Any:
        return self.cleaned_data["sort"] if self.is_valid() else ""

    @property
    def cursor_value(self) -> int:
        return (self.is_valid() and self.cleaned_data["cursor"]) or 0

    def listed(self) -> Selection:
        """Return the selection, without index entries unless a kind or pattern asks for them."""
        selection = self.selection()
        return replace(selection, kinds=LISTED) if selection.kinds == keys.KINDS and not self.pattern else selection

    def selection(self) -> Selection:
        """Return the selection of a valid form."""
        kind = self.cleaned_data["kind"]
        return Selection(
            kinds=(kind,) if kind else keys.KINDS,
            pattern=self.pattern or "*",
            level=self.cleaned_data["level"],
            client=self.cleaned_data["client"],
            older_than=self.cleaned_data["older_than"],
        )
