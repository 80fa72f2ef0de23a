"""The audit page: who saw, removed, reviewed or changed what. Read-only, with filters and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from caching.dashboard.days_filter import DaysFilter
from caching.dashboard.read_only_admin import AppendOnlyAdmin
from caching.maintenance import spreadsheets
from caching.models import AuditEntry, EntryHits
from caching.models.audit import AuditAction

COLUMNS = ("time", "user", "action", "kind", "object", "client", "details")


class ActionFilter(SimpleListFilter):
    title = parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return AuditAction.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        action = self.value() or ""
        return queryset.filter(action_flag=action) if action.isdecimal() else queryset


class ClientFilter(SimpleListFilter):
    title = parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        clients: Any = apps.get_model(settings.CLIENT_MODEL)
        return [(name, name) for name in clients.objects.values_list("name", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.value()
        return queryset & AuditEntry.objects.about(name) if name else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(AppendOnlyAdmin):
    list_display = ("moment", "user", "action", "kind", "object", "client", "details")
    list_display_links = None
    list_filter = (("action_time", DaysFilter), ("user", admin.RelatedOnlyFieldListFilter), ActionFilter, ClientFilter)
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    actions = ("download",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="time", ordering="action_time")
    def moment(self, entry: AuditEntry) -> datetime:
        return entry.action_time

    @admin.display
    def object(self, entry: AuditEntry) -> str:
        return entry.object_repr

    @admin.display
    def action(self, entry: AuditEntry) -> str:
        return AuditAction(entry.action_flag).label if entry.action_flag in AuditAction.values else ""

    @admin.display
    def kind(self, entry: AuditEntry) -> str:
        kind = entry.content_type
        if kind is None:
            return ""
        return "cache" if kind.model_class() is EntryHits else kind.name

    @admin.display
    def client(self, entry: AuditEntry) -> str:
        return entry.client_name

    @admin.display
    def details(self, entry: AuditEntry) -> str:
        return entry.get_change_message()

    @admin.action(description="Download as CSV", permissions=("view",))
    def download(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> HttpResponse:
        rows = self._csv_rows(queryset.select_related(*self.list_select_related))
        return HttpResponse(
            spreadsheets.written(rows).encode("utf-8-sig"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )

    def _csv_rows(self, entries: Iterable[AuditEntry]) -> Iterator[list[str]]:
        yield [*COLUMNS]
        for entry in entries:
            row = (entry.user, self.action(entry), self.kind(entry), entry.object_repr)
            told = (self.client(entry), self.details(entry))
            cells = (spreadsheets.inert(str(cell)) for cell in (*row, *told))
            yield [entry.action_time.isoformat(timespec="seconds"), *cells]
