"""Bases of the admin's lists of big tables: nothing on them reads the whole table."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ShowFacets, SimpleListFilter
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from caching.policy import CACHE_TYPES
from caching.reports import queries

# Rows that are counted, and the latest ones that a search looks at.
MAX_COUNTED, MAX_SEARCHED = 10_000, 100_000


class AppendOnlyAdmin(ModelAdmin):
    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class BoundedPaginator(Paginator):
    """Ends after MAX_COUNTED rows: older ones are found with filters."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[:MAX_COUNTED].count()


class ReadOnlyAdmin(AppendOnlyAdmin):
    # Counting a big table takes longer than showing a page of it.
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    paginator = BoundedPaginator
    search_help_text = f"Search the latest {MAX_SEARCHED:,}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        if search_term and (newest := self.model._default_manager.order_by("-pk").first()):
            queryset = queryset.filter(pk__gt=newest.pk - MAX_SEARCHED)
        return super().get_search_results(request, queryset, search_term)


class _KnownFilter(SimpleListFilter):
    """Values of a dimension in the ledger. Django's own filter reads all rows to find them."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(value, value) for value in queries.known(self.parameter_name or "")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name or "": self.value()}) if self.value() else queryset


class ProviderFilter(_KnownFilter):
    title = parameter_name = "provider"


class LevelFilter(_KnownFilter):
    title = parameter_name = "level"


class TypeFilter(_KnownFilter):
    title = "type"
    parameter_name = "cache_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(CACHE_TYPES.items())
