"""Admin pages of the cache. All are wrapped in `admin_site.admin_view`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from caching import keys
from caching.archive.files import FilesUnavailable
from caching.dashboard import charts, permissions
from caching.dashboard.audit_log import log_removal, record, viewed
from caching.dashboard.forms import DashboardForm, KeysForm
from caching.maintenance import browse, flush, pinning, spreadsheets
from caching.models.audit import AuditAction
from caching.redis.store import RedisFailed
from caching.reports import queries
from caching.templatetags.formatting import entries

CODECS = {"wav": "audio/wav", "mp3": "audio/mpeg", "opus": "audio/ogg", "flac": "audio/flac", "aac": "audio/aac"}
# Characters of the question in the title of the page of its entry.
MAX_TITLE = 80
PINNING = "caching.add_curatedanswer"
REMOVERS = permissions.required("caching.delete_entries")


@require_GET
def chart_csv(request: HttpRequest, slug: str) -> HttpResponse:
    form = DashboardForm(request.GET)
    period, filters = form.selected_period(), form.selected_filters()
    found = charts.all_charts(period, filters).get(slug)
    if found is None:
        raise Http404
    return HttpResponse(
        spreadsheets.written(charts.csv_rows(found)).encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.file_name}"'},
    )


@require_GET
def key_list(request: HttpRequest) -> HttpResponse:
    form = KeysForm(request.GET)
    page = browse.browse(form.listed(), form.text, form.cursor_value, sort=form.sort_name) if form.is_valid() else None
    following = request.GET.copy()
    if page:
        following["cursor"] = str(page.cursor)
    if page and page.rows:
        viewed(request, "list of keys", form.selection().client)
    context = {"form": form, "page": page, "next": following.urlencode() if page and page.cursor else ""}
    return _page(request, "caching/keys.html", "Keys", {**context, "clients": queries.known("client")})


@require_GET
def key_detail(request: HttpRequest) -> HttpResponse:
    detail = browse.inspect(request.GET.get("key", ""))
    if detail is None:
        return _page(request, "caching/no_key.html", "Key", {"key": request.GET.get("key", "")}, status=404)
    viewed(request, keys.without_text(detail.row.stored.key), detail.row.made_by)
    stored = detail.row.stored
    found = {"detail": detail, "value": browse.pretty(stored.fields), "pinned": pinning.pinned_from(stored)}
    found["may_be_pinned"] = pinning.may_be_pinned(stored) and request.user.has_perm(PINNING)
    title = detail.row.text[:MAX_TITLE] or "Entry"
    found |= {"neighbours": browse.neighbours(detail.row), "spoken": browse.spoken_forms(detail.row)}
    return _page(request, "caching/key.html", title, found)


@require_GET
def key_audio(request: HttpRequest) -> HttpResponse:
    key = request.GET.get("key", "")
    detail = browse.inspect(key) if keys.kind_of(key) == keys.SPEECH else None
    if detail is None or detail.audio is None:
        raise Http404
    viewed(request, f"audio of {key}", detail.row.made_by)
    return HttpResponse(detail.audio, content_type=CODECS.get(keys.parse_speech_key(key).codec, "audio/wav"))


@require_POST
@permissions.required(PINNING)
def pin_key(request: HttpRequest) -> HttpResponse:
    """Make a curated answer of an entry."""
    detail = browse.inspect(request.POST.get("key", ""))
    if detail is None:
        raise Http404
    stored = detail.row.stored
    try:
        answer = pinning.pinned_from(stored) or pinning.pin(stored)
    except ValidationError as error:
        messages.error(request, f"Not pinned: {' '.join(error.messages)}")
        return redirect(f"{reverse('key')}?{urlencode({'key': stored.key})}")
    record(request, AuditAction.ADDED, f"{answer}", f"Pinned {stored.key}", answer.client)
    messages.success(request, "Pinned: this answer does not expire. You can edit it and add wordings here.")
    return redirect("admin:caching_curatedanswer_change", answer.pk)


@require_POST
@REMOVERS
def remove(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then delete the selected keys."""
    selected = request.POST.getlist("key")
    if not request.POST.get("confirmed"):
        found = {"rows": browse.described(selected), "keys": selected, "count": len(selected), "back": _back(request)}
        return _page(request, "caching/confirm_delete.html", "Delete entries", found)
    owners = browse.by_client(selected)
    try:
        removed = browse.remove(selected)
    except RedisFailed as error:
        messages.error(request, f"Not all of them are deleted. Try again: {error}")
        return redirect(_list(request))
    for client, names in owners.items():
        log_removal(request, ", ".join(map(keys.without_text, names)), len(names), client)
    messages.success(request, f"Deleted {entries(removed)}.")
    return redirect(_list(request))


@require_POST
@REMOVERS
def remove_matching(request: HttpRequest) -> HttpResponse:
    """Ask for confirmation, then delete all keys that match the filters."""
    form = KeysForm(request.POST)
    if not form.is_valid() or form.text:
        messages.error(request, "Nothing was deleted: these filters cannot be used to delete entries.")
        return redirect(_list(request))
    selection = form.selection()
    confirmed = bool(request.POST.get("confirmed"))
    progress = flush.Progress(total=0)
    failure: Exception | None = None
    try:
        steps = flush.flush(selection, dry_run=not confirmed)
        progress = next(steps)
        for _ in steps:
            pass
    except (FilesUnavailable, RedisFailed) as error:
        failure = error
    if not (confirmed or failure):
        found = {"form": form, "selection": selection, "progress": progress, "count": progress.matched}
        found |= {"rows": browse.described(progress.samples), "back": _back(request)}
        return _page(request, "caching/confirm_delete.html", "Delete entries", found)
    if confirmed:
        log_removal(request, selection.described_without_text, progress.removed, selection.client)
    if failure:
        messages.error(request, f"Deleted only {entries(progress.removed)}. Try again: {failure}")
    else:
        messages.success(request, f"Deleted {entries(progress.removed)}.")
    return redirect(_list(request))


def _back(request: HttpRequest) -> str:
    """Return the query of the list that the user came from."""
    return QueryDict(request.POST.get("back", "")).urlencode()


def _list(request: HttpRequest) -> str:
    return f"{reverse('keys')}?{_back(request)}"


def _page(
    request: HttpRequest, template: str, title: str, context: dict[str, Any], status: int | None = None
) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, **context}, status=status)
