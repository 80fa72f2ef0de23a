"""Prices in the admin: today's, one row a model. Prices are added; none is changed or deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from caching.dashboard import page
from caching.dashboard.read_only_admin import AppendOnlyAdmin
from caching.models import Price
from caching.models.ledger import Unit
from caching.reports import queries
from caching.reports.period import Period
from caching.templatetags.formatting import NOTHING, unit_price

# Models without a price are looked for among the requests of this period.
PERIOD = timedelta(days=30)
_MILLION = 1_000_000
# Units of one size, so that models can be compared.
_SPEECH = {Unit.CHARACTERS: (_MILLION, "1M characters"), Unit.AUDIO_SECONDS: (60, "minute")}


class OneRowAModel(ChangeList):
    """One row for each model, which shows all of its prices in force."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Price]:
        found: QuerySet[Price] = super().get_queryset(request, exclude_parameters)
        same = Price.objects.filter(provider=OuterRef("provider"), model=OuterRef("model"))
        in_force = same.filter(valid_from__lte=timezone.now())
        return found.filter(valid_from__lte=timezone.now()).exclude(Exists(in_force.filter(pk__lt=OuterRef("pk"))))


@admin.register(Price)
class PriceAdmin(AppendOnlyAdmin):
    """Prices cannot be changed: one with a later date ends the previous one."""

    list_display = ("model", "provider", "input", "cached", "output", "speech", "starts")
    show_full_result_count = False
    list_filter = ("provider", "currency")
    search_fields = ("provider", "model", "source")
    fields = ("provider", "model", "unit", ("amount", "currency"), "per", "valid_from", "source")
    list_before_template = "caching/unpriced_before_prices.html"

    def get_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:
        return self.fields if obj is None else ("provider", "model", "price", "valid_from", "source", "history")

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:
        return () if obj is None else ("price", "history")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OneRowAModel

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        _add_prices_in_force(changelist.result_list)
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        unpriced = [page.unpriced(*model) for model in queries.unpriced_models(Period.last(PERIOD))]
        return super().changelist_view(request, {**(extra_context or {}), "unpriced": unpriced})

    @admin.display(description="input, 1M tokens")
    def input(self, price: Price) -> str:
        return _each(price, Unit.INPUT_TOKENS)

    @admin.display(description="cached, 1M tokens")
    def cached(self, price: Price) -> str:
        return _each(price, Unit.CACHED_INPUT_TOKENS)

    @admin.display(description="output, 1M tokens")
    def output(self, price: Price) -> str:
        return _each(price, Unit.OUTPUT_TOKENS)

    @admin.display(description="speech")
    def speech(self, price: Price) -> str:
        found = [(each, *scale) for unit, scale in _SPEECH.items() if (each := _in_force(price).get(unit))]
        if found and not any(each.amount for each, *_ in found):
            return "free"
        return ", ".join(_scaled(each, units, name) for each, units, name in found) or NOTHING

    @admin.display(description="since")
    def starts(self, price: Price) -> date:
        return max(each.valid_from for each in _in_force(price).values()).date()

    @admin.display
    def price(self, price: Price) -> str:
        return _text(price)

    @admin.display(description="all prices of this model")
    def history(self, price: Price) -> str:
        prices = Price.objects.filter(provider=price.provider, model=price.model)
        rows = ((f"{each.valid_from.date():%d %b %Y}".lstrip("0"), _text(each), each.source) for each in prices)
        lines = format_html_join("", '<li>{}: {}<br><span class="text-subtle">{}</span></li>', rows)
        known = ("provider", "model", "unit", "currency", "per")
        later = f"{reverse('admin:caching_price_add')}?{urlencode({name: getattr(price, name) for name in known})}"
        link = '<ul class="sg-list">{}</ul><a class="sg-link" href="{}">Add a later price</a>'
        return format_html(link, lines, later)


def _add_prices_in_force(rows: Iterable[Price]) -> None:
    """Give each row the newest price in force of each unit of its model."""
    found: dict[tuple[str, str], dict[str, Price]] = defaultdict(dict)
    shown = list(rows)
    prices = Price.objects.filter(valid_from__lte=timezone.now(), model__in={row.model for row in shown})
    for price in prices.order_by("valid_from"):
        found[price.provider, price.model][price.unit] = price
    for row in shown:
        row.in_force = found[row.provider, row.model]  # type: ignore[attr-defined]


def _in_force(price: Price) -> dict[str, Price]:
    found: dict[str, Price] = getattr(price, "in_force", {price.unit: price})
    return found


def _each(price: Price, unit: Unit) -> str:
    """Return today's price of a million units."""
    found = _in_force(price).get(unit)
    if found is None:
        return NOTHING
    return unit_price(found.amount * _MILLION / found.per, found.currency) if found.amount else "free"


def _scaled(price: Price, units: int, name: str) -> str:
    each = unit_price(price.amount * units / price.per, price.currency)
    return f"{each} per {name}" if price.amount else _text(price)


def _text(price: Price) -> str:
    unit = price.get_unit_display().lower()
    per = "1M" if price.per == _MILLION else f"{price.per:,}"
    return f"{unit_price(price.amount, price.currency)} per {per} {unit}" if price.amount else f"free ({unit})"
