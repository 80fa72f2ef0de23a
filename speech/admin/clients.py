from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from speech.admin import client_page, forget_page
from speech.admin.keys import FACTS, new_key_page
from speech.budgets import all_budgets
from speech.models import Client, ClientKey


class ClientKeyInline(TabularInline):
    model = ClientKey
    fields = readonly_fields = ("key", *FACTS, "expires")
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = "API keys"

    @admin.display(description="name")
    def key(self, key: ClientKey) -> str:
        """Link to the page of the key, with its buttons Rotate and Revoke."""
        link = '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>'
        return format_html(link, reverse("admin:speech_clientkey_change", args=[key.pk]), key.name)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("speech.view_client")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Client)
class ClientAdmin(ModelAdmin):
    list_display = (
        "name",
        "active_keys",
        "last_used",
        "is_active",
        "scope",
        "budgets",
        "created",
    )
    fieldsets = (
        (None, {"fields": ("name", "is_active", "allowed_models")}),
        ("Limits", {"fields": ("requests_per_minute", ("daily_budget_usd", "monthly_budget_usd"), "daily_entries")}),
        ("Privacy", {"fields": ("shared_scope", "scope_by_user", "never_store")}),
        ("History", {"fields": ("created",)}),
    )
    list_filter = ("is_active", "shared_scope", "never_store")
    search_fields = ("name", "keys__name", "keys__key_hint")
    readonly_fields = ("created",)
    inlines = (ClientKeyInline,)
    formfield_overrides = {models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 2})}}
    actions = ("revoke",)
    actions_detail = ("new_key", "forget")
    change_form_outer_before_template = "speech/client_usage.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        client = self.get_object(request, object_id)
        usage = client_page.context(request, client) if client else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "usage": usage})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        unexpired = Q(keys__expires=None) | Q(keys__expires__gt=timezone.now())
        active = Count("keys", filter=unexpired & Q(keys__revoked=None), distinct=True)
        return super().get_queryset(request).annotate(key_count=active, key_used=Max("keys__last_used"))

    @admin.display(description="active keys", ordering="key_count")
    def active_keys(self, client: Client) -> int:
        count: int = client.key_count  # type: ignore[attr-defined]
        return count

    @admin.display(description="last used", ordering="key_used")
    def last_used(self, client: Client) -> datetime | None:
        used: datetime | None = client.key_used  # type: ignore[attr-defined]
        return used

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the budgets of all clients at once, not row by row."""
        changelist = super().get_changelist_instance(request)
        known = all_budgets()
        for client in changelist.result_list:
            client.known_budgets = known.get(client.name, [])
        return changelist

    @admin.display(description="budgets")
    def budgets(self, client: Client) -> str:
        if client.daily_budget_usd is None and client.monthly_budget_usd is None:
            return "No limit"
        return ", ".join(map(str, client.known_budgets))  # type: ignore[attr-defined]

    # In words: a red cross would make the safe default look like an error.
    @admin.display(ordering="shared_scope")
    def scope(self, client: Client) -> str:
        return "shared" if client.shared_scope else "private"

    @admin.action(description="Switch off selected clients", permissions=("change",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        clients = list(queryset.filter(is_active=True))
        for client in clients:
            client.is_active = False
            client.save(update_fields=["is_active"])
            self.log_change(request, client, "Switched off.")
        self.message_user(request, f"Switched off {len(clients)} clients. Their keys stop working within 30 seconds.")

    @action(description="New key", permissions=("change",), icon="add")
    def new_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:speech_clientkey_add')}?client={object_id}")

    @action(description="Forget…", permissions=("delete",), icon="delete_forever")
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return forget_page.respond(request, get_object_or_404(Client, pk=object_id))

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> tuple[str, ...]:
        # Entries and the ledger name the client, and `forget` finds them by its name.
        return self.readonly_fields if obj is None else ("name", *self.readonly_fields)

    def get_inlines(self, request: HttpRequest, obj: Client | None) -> Any:
        return () if obj is None else self.inlines

    def response_add(self, request: HttpRequest, obj: Client, post_url_continue: str | None = None) -> HttpResponse:
        return new_key_page(request, ClientKey.objects.issue(obj, "first"))
