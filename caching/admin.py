"""The ledger and the rules of the cache in the admin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from caching.dashboard import audit_admin as audit_admin
from caching.dashboard import curated_admin as curated_admin
from caching.dashboard import price_admin as price_admin
from caching.dashboard.audit_log import viewed
from caching.dashboard.days_filter import DaysFilter
from caching.dashboard.read_only_admin import LevelFilter, ProviderFilter, ReadOnlyAdmin, TypeFilter
from caching.ledger.events import BY_RULE
from caching.models import BarChange, CacheRule, Call, Dimensions, EntryHits, HourlyUsage, Judgement
from caching.policy import CACHE_TYPES
from caching.pricing.list_prices import SAMPLE_CURRENCY
from caching.templatetags.formatting import count, milliseconds, money, percent


def _amount(amount: Decimal | None, currency: str) -> str:
    """Sample data is in a currency of its own, but its amounts are US dollars."""
    is_sample = currency == SAMPLE_CURRENCY
    return money(amount, "USD" if is_sample else currency) + " sample data" * is_sample


class TypedAdmin(ReadOnlyAdmin):
    @admin.display(description="type", ordering="cache_type")
    def type(self, row: Dimensions) -> str:
        return CACHE_TYPES.get(row.cache_type, row.cache_type)


class TextsAdmin(ReadOnlyAdmin):
    """Rows with texts of clients: each view of them is recorded in the audit."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        response = super().changelist_view(request, extra_context)
        viewed(request, f"list of {self.opts.verbose_name_plural}")
        return response

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            viewed(request, f"{self.opts.verbose_name} {object_id}", getattr(found, "client", ""))
        return found


@admin.register(CacheRule)
class CacheRuleAdmin(ModelAdmin):
    purpose = "A rule names requests whose answers are not stored, live longer or shorter, or are reused less freely."
    list_display = ("name", "enabled", "conditions", "action")
    list_display_links = ("name",)
    list_filter = ("enabled", "applies_to", "kind")
    search_fields = ("name", "client", "provider", "model", "text")
    # With the key: else the admin shows the newest of equal positions first, and the engine tries it last.
    ordering = ("position", "pk")
    ordering_field = "position"
    hide_ordering_field = True
    fieldsets = (
        (None, {"fields": ("name", "enabled", "position")}),
        (
            "Conditions",
            {
                "description": "All that are given must fit. A rule without any fits every request.",
                "fields": (
                    "applies_to",
                    ("client", "provider"),
                    ("model", "language"),
                    ("text_match", "text"),
                    "kind",
                ),
            },
        ),
        (
            "Action",
            {
                "description": "Of all rules the first that fits holds, in every worker within 5 seconds.",
                "fields": ("never_store", "ttl", "level_at_most", "threshold"),
            },
        ),
    )

    @admin.display
    def conditions(self, rule: CacheRule) -> str:
        return rule.conditions

    @admin.display
    def action(self, rule: CacheRule) -> str:
        return rule.action


@admin.register(Call)
class CallAdmin(TypedAdmin, TextsAdmin):
    list_display = (
        "created",
        "type",
        "result",
        "rule",
        "question",
        "provider",
        "model",
        "client",
        "time",
        "costs",
    )
    list_filter = (("created", DaysFilter), "outcome", TypeFilter, LevelFilter, ProviderFilter)
    search_fields = ("question", "matched", "key", "client")
    fieldsets = (
        (None, {"fields": ("created", "question", "result", "matched", "similarity", "confidence", "why", "entry")}),
        ("Request", {"fields": ("client", "cache_type", "level", "provider", "model", "time")}),
        ("Money", {"fields": ("costs", "savings", "input_tokens", "output_tokens", "characters", "audio_seconds")}),
    )
    readonly_fields = ("result", "confidence", "why", "entry", "time", "costs", "savings")

    @admin.display(description="confidence")
    def confidence(self, call: Call) -> str:
        return percent(call.probability)

    @admin.display(description="reasons")
    def why(self, call: Call) -> str:
        return ", ".join(call.reasons)

    @admin.display(description="entry")
    def entry(self, call: Call) -> str:
        if not call.key:
            return ""
        link = '<a href="{}?key={}" class="text-primary-600 dark:text-primary-500">{}</a>'
        return format_html(link, reverse("key"), quote(call.key, safe=""), call.key)

    @admin.display(description="result", ordering="outcome")
    def result(self, call: Call) -> str:
        return capfirst(call.get_outcome_display())

    @admin.display(description="saved")
    def savings(self, call: Call) -> str:
        return _amount(call.saved, call.currency)

    @admin.display(description="cache rule")
    def rule(self, call: Call) -> str:
        return next((why.removeprefix(BY_RULE) for why in call.reasons if why.startswith(BY_RULE)), "")

    @admin.display(description="time", ordering="seconds")
    def time(self, obj: Call) -> str:
        return milliseconds(obj.seconds)

    @admin.display(description="cost", ordering="cost")
    def costs(self, obj: Call) -> str:
        return _amount(obj.cost, obj.currency)


@admin.register(HourlyUsage)
class HourlyUsageAdmin(TypedAdmin):
    list_display = (
        "hour",
        "type",
        "result",
        "level",
        "provider",
        "model",
        "client",
        "number",
        "spent",
        "savings",
    )
    list_filter = (("hour", DaysFilter), TypeFilter, "outcome", LevelFilter, ProviderFilter)
    search_fields = ("model", "client")
    ordering = ("-hour",)

    @admin.display(description="result", ordering="outcome")
    def result(self, usage: HourlyUsage) -> str:
        return capfirst(usage.get_outcome_display())

    @admin.display(description="requests", ordering="requests")
    def number(self, usage: HourlyUsage) -> str:
        return count(usage.requests)

    @admin.display(description="cost", ordering="cost")
    def spent(self, usage: HourlyUsage) -> str:
        return _amount(usage.cost, usage.currency)

    @admin.display(description="saved", ordering="saved")
    def savings(self, usage: HourlyUsage) -> str:
        return _amount(usage.saved, usage.currency)


@admin.register(EntryHits)
class EntryHitsAdmin(TextsAdmin):
    list_display = ("day", "question", "key", "hits", "savings")
    list_filter = (TypeFilter,)
    search_fields = ("question", "key")
    ordering = ("-day", "-hits")

    @admin.display(description="saved", ordering="saved")
    def savings(self, obj: EntryHits) -> str:
        return _amount(obj.saved, obj.currency)


@admin.register(Judgement)
class JudgementAdmin(TextsAdmin):
    purpose = (
        "A review says whether a semantic match was right. Staff give it under Reviews, clients with "
        "POST /api/feedback/, and a model for a share of the hits if SEMANTIC_VERIFY_SHARE is set."
    )
    list_display = ("created", "judge", "verdict", "question", "matched", "confidence", "level", "client", "comment")
    list_filter = (("created", DaysFilter), "judge", "verdict", LevelFilter)
    search_fields = ("question", "matched", "client", "comment")

    @admin.display(ordering="probability")
    def confidence(self, judgement: Judgement) -> str:
        return percent(judgement.probability)


@admin.register(BarChange)
class BarChangeAdmin(ReadOnlyAdmin):
    list_display = ("created", "level", "bar", "judged", "wrong", "reason")
    list_filter = ("level",)
