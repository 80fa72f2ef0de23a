"""Views of an empty dashboard: waiting for the first request, and sample data."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from caching.dashboard import permissions
from caching.maintenance import sample_traffic
from caching.models import HourlyUsage
from caching.templatetags.formatting import count

TABS = [("curl", "curl"), ("python", "Python"), ("javascript", "JavaScript")]
LOADERS = permissions.required("caching.delete_entries")


def is_empty() -> bool:
    """Return True if no request has ever been recorded."""
    return not HourlyUsage.objects.exists()


@require_GET
def first_request(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"arrived": not is_empty()}, headers={"Cache-Control": "no-store"})


@require_POST
@LOADERS
def sample_data(request: HttpRequest) -> HttpResponse:
    """Load sample data, or delete it if the form says so."""
    if request.POST.get("remove"):
        messages.success(request, f"Deleted the sample data of {count(sample_traffic.remove())} requests.")
        return redirect("admin:index")
    requests = sample_traffic.fill()
    messages.success(request, f"Added sample data of {count(requests)} requests.")
    response = redirect("admin:index")
    response.headers["Location"] += "?period=30d"
    return response
