from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from speech.models import Client


@admin.register(Client)
class ClientAdmin(ModelAdmin):
    list_display = (
        "name",
        "key_hint",
        "is_active",
        "shared_scope",
        "requests_per_minute",
        "daily_budget_usd",
        "created",
    )
    list_filter = ("is_active", "shared_scope", "never_store")
    search_fields = ("name", "key_hint")
    readonly_fields = ("key_hint", "created")
    actions = ("revoke",)

    @admin.action(description="Revoke keys of selected clients", permissions=("change",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        revoked = queryset.filter(is_active=True).update(is_active=False)
        self.message_user(request, f"Revoked {revoked} keys. They stop working within 30 seconds.")

    def save_model(self, request: HttpRequest, obj: Client, form: ModelForm[Client], change: bool) -> None:
        if not change:
            key = obj.give_key()
            self.message_user(request, f"The API key of {obj} (shown this once): {key}", messages.WARNING)
        super().save_model(request, obj, form, change)
