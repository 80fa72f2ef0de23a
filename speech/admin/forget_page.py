"""Forget a client: switch it off, and when every worker has noticed, delete it with all of its data."""

from __future__ import annotations

import time

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminTextInputWidget

from caching.archive.files import FilesUnavailable
from caching.dashboard.audit_log import record
from caching.maintenance import erasure
from caching.models.audit import AuditAction
from caching.redis import store
from caching.redis.store import RedisFailed
from speech.admin.keys import page
from speech.management import forgetting
from speech.models import Client

_signer = signing.Signer(salt="forget a client")


class ForgetForm(forms.Form):
    name = forms.CharField(label="Type the name of the client", widget=UnfoldAdminTextInputWidget)
    # Signed: the client, and since when it is known to be switched off.
    off = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, client: Client, data: object = None) -> None:
        super().__init__(data, initial={"off": _signer.sign_object([client.pk, time.time()])})  # type: ignore[arg-type]
        self.client = client

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self.client.name:
            raise forms.ValidationError("This is not the name of the client.")
        return self.client.name

    def clean_off(self) -> float:
        """Return the seconds to wait."""
        try:
            pk, since = _signer.unsign_object(self.cleaned_data["off"])
        except (signing.BadSignature, ValueError):
            raise forms.ValidationError("This form is not of this page.") from None
        if pk != self.client.pk:
            raise forms.ValidationError("This form is of another client.")
        return max(0.0, since + forgetting.NOTICED_SECONDS - time.time())


def respond(request: HttpRequest, client: Client) -> HttpResponse:
    if store.enabled() and not store.available():
        messages.error(request, "Its data cannot be deleted while Redis is disconnected.")
        return redirect("admin:speech_client_change", client.pk)
    if request.method == "POST" and "name" not in request.POST and client.is_active:
        _switch_off(request, client)
    form = ForgetForm(client, request.POST if "name" in request.POST else None)
    if not client.is_active and form.is_valid():
        if not (seconds := form.cleaned_data["off"]):
            return _forget(request, client)
        messages.warning(request, f"Some workers may still use it. Try again in {seconds:.0f} seconds.")
    found = forgetting.counts(client, erasure.count(client.name))
    about = {"client": client, "form": form, "found": found, "seconds": forgetting.NOTICED_SECONDS}
    return page(request, "speech/forget_client.html", f"Forget {client}", **about)


def _switch_off(request: HttpRequest, client: Client) -> None:
    client.is_active = False
    client.save(update_fields=["is_active"])
    record(request, AuditAction.CHANGED, "a client to forget", "Switched off, to be forgotten.", client.name)


def _forget(request: HttpRequest, client: Client) -> HttpResponse:
    try:
        forgetting.announce()
        counts = forgetting.forget(client)
    except (FilesUnavailable, RedisFailed) as error:
        messages.error(request, f"Not all of its data is deleted. Try again: {error}")
        return redirect("admin:speech_client_change", client.pk)
    record(request, AuditAction.DELETED, "a client", f"Deleted a client: {counts}", forgetting.FORGOTTEN)
    messages.success(request, f"Deleted {client.name}: {counts}.")
    if not erasure.clear_write_ahead_log():
        messages.warning(request, "The database is busy: deleted rows may still be in its -wal file.")
    return redirect("admin:speech_client_changelist")
