from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from speech.models import ClientKey

FACTS = ("key_hint", "created", "last_used", "state")
OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 24 * 90


def new_key_page(request: HttpRequest, key: ClientKey) -> HttpResponse:
    """Show the new key on this page: a message would carry it in a cookie."""
    return page(request, "speech/new_key.html", f"API key of {key.client}", key=key)


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, **context})


class RotateForm(forms.Form):
    hours = forms.IntegerField(
        label="The old key works for another … hours",
        initial=OVERLAP_HOURS,
        min_value=0,
        max_value=MAX_OVERLAP_HOURS,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@admin.register(ClientKey)
class ClientKeyAdmin(ModelAdmin):
    """Keys belong to their client: who may change a client may manage its keys."""

    list_display = ("client", "name", *FACTS, "expires")
    list_filter = ("client",)
    list_select_related = ("client",)
    search_fields = ("name", "key_hint", "client__name")
    fields = ("client", "name", "expires")
    actions_detail = ("rotate", "revoke")

    def get_fields(self, request: HttpRequest, obj: ClientKey | None = None) -> tuple[str, ...]:
        return self.fields if obj is None else (*self.fields, *FACTS)

    def get_readonly_fields(self, request: HttpRequest, obj: ClientKey | None = None) -> tuple[str, ...]:
        return () if obj is None else ("client", *FACTS)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("speech.view_client")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("speech.change_client")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ClientKey, form: ModelForm[ClientKey], change: bool) -> None:
        if not change:
            obj.generate()
        super().save_model(request, obj, form, change)

    # In the history of the client, where staff look for its keys.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_change(request, obj.client, f"Created the key {obj.name} ({obj.key_hint}…).")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        done = message if isinstance(message, str) else "Changed"
        return super().log_change(request, obj.client, f"{done}: the key {obj.name} ({obj.key_hint}…).")

    def response_add(self, request: HttpRequest, obj: ClientKey, post_url_continue: str | None = None) -> HttpResponse:
        return new_key_page(request, obj)

    @action(description="Rotate", permissions=("change",), icon="autorenew")
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how long both keys work, then show the new one."""
        key = get_object_or_404(ClientKey.objects.active().select_related("client"), pk=object_id)
        form = RotateForm(request.POST or None)
        if not form.is_valid():
            return page(request, "speech/rotate_key.html", f"Rotate {key}", key=key, form=form)
        successor = key.rotate(timedelta(hours=form.cleaned_data["hours"]))
        self.log_change(request, key, f"Rotated; the old key expires {key.expires:%Y-%m-%d %H:%M} UTC")
        return new_key_page(request, successor)

    @action(description="Revoke", permissions=("change",), icon="block")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = get_object_or_404(ClientKey.objects.select_related("client"), pk=object_id)
        if request.method != "POST":
            return page(request, "speech/revoke_key.html", f"Revoke {key}", key=key)
        if ClientKey.objects.filter(pk=key.pk).revoke():
            self.log_change(request, key, "Revoked")
        self.message_user(request, f"Revoked {key}. It stops working within 30 seconds.")
        return redirect("admin:speech_client_change", key.client_id)
