"""The page of the last requests, its feed, and one request."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from caching.dashboard import recent
from caching.dashboard.audit_log import viewed
from caching.dashboard.page import TEXTS, address
from caching.ledger import recent_stream
from caching.policy import CACHE_TYPES
from caching.reports import queries


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    form = recent.RequestsForm(request.GET)
    if may_read := request.user.has_perm(TEXTS):
        viewed(request, "list of requests")
    context = {
        **admin.site.each_context(request),
        "title": "Requests",
        "form": form,
        "feed": recent.feed(form, may_read=may_read),
        "may_read": may_read,
        "pills": [
            (name, title, address(request, pill=name, open=""), name == (form["pill"].value() or ""))
            for name, title in [("", "All"), *recent.PILLS.items()]
        ],
        "types": CACHE_TYPES.items(),
        "clients": queries.known("client"),
        "providers": queries.known("provider"),
        "open": request.GET.get("open", ""),
    }
    return render(request, "caching/requests/page.html", context)


@require_GET
def feed(request: HttpRequest) -> JsonResponse:
    """Return the rows after the request `after`, as HTML."""
    form, may_read = recent.RequestsForm(request.GET), request.user.has_perm(TEXTS)
    after = request.GET.get("after", "")
    found = recent.feed(form, may_read=may_read, after=after if recent_stream.is_id(after) else "")
    told: dict[str, Any] = {"connected": found is not None}
    if found:
        # Without the request, whose context processors would take longer than the rows.
        context = {"feed": found, "may_read": may_read}
        told |= {
            "last": found.last,
            "rows": render_to_string("caching/requests/_rows.html", context),
            "dropped": found.dropped,
            "share": found.share,
        }
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


@require_GET
def request_detail(request: HttpRequest, id: str) -> HttpResponse:
    """Show one request: in the drawer of the page with `?drawer=1`, else as a page."""
    found = recent.explain(id)
    if found and request.user.has_perm(TEXTS):
        viewed(request, f"request {id[:40]}", str(found.seen.told["client"]))
    template = "caching/requests/_detail.html" if "drawer" in request.GET else "caching/requests/detail.html"
    context = {
        **admin.site.each_context(request),
        "title": "Request",
        "found": found,
        "may_read": request.user.has_perm(TEXTS),
    }
    return render(request, template, context, status=200 if found else 404)
