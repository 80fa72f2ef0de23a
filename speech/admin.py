from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.admin import ModelAdmin

from speech.models import Client


@admin.register(Client)
class ClientAdmin(ModelAdmin):
    list_display = (
        "name",
        "key_hint",
        "is_active",
        "scope",
        "requests_per_minute",
        "daily_budget_usd",
        "created",
    )
    list_filter = ("is_active", "shared_scope", "never_store")
    search_fields = ("name", "key_hint")
    readonly_fields = ("key_hint", "created")
    actions = ("revoke",)

    # In words: a red cross would make the safe default look like an error.
    @admin.display(ordering="shared_scope")
    def scope(self, client: Client) -> str:
        return "shared" if client.shared_scope else "private"

    @admin.action(description="Revoke keys of selected clients", permissions=("change",))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        revoked = queryset.filter(is_active=True).update(is_active=False)
        self.message_user(request, f"Revoked {revoked} keys. They stop working within 30 seconds.")

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> tuple[str, ...]:
        # Entries and the ledger name the client, and `forget` finds them by its name.
        return self.readonly_fields if obj is None else ("name", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Client, form: ModelForm[Client], change: bool) -> None:
        if not change:
            obj.new_key = obj.give_key()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Client, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key on this very page: a message would carry it in a cookie."""
        context = {**admin.site.each_context(request), "title": f"API key of {obj}", "client": obj}
        return render(request, "speech/new_key.html", context)
