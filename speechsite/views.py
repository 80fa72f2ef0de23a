"""Errors that no API view sees. Under `/api/` and `/v1/` they have the API's shape; elsewhere they are Django's own."""

from __future__ import annotations

import math
import unicodedata

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults

from caching import keys
from caching.coordination import rate_limit
from speech.api.errors import error_body


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _error(400, "The request is malformed.", "invalid_request_error", "bad_request")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return _error(404, f"Not found: {request.path}", "not_found_error", "not_found")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.server_error(request)
    return _error(500, "Internal server error.", "server_error", "internal_error")


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/v1/"))


def _error(status: int, message: str, type: str, code: str) -> HttpResponse:
    retry = {"x-should-retry": "false"} if status < 500 else {}
    return JsonResponse(error_body(message, type=type, param=None, code=code), status=status, headers=retry)


A_MINUTE_BY_NAME = 10
# Higher, because behind a proxy all visitors share one IP.
A_MINUTE_BY_ADDRESS = 30


def login(request: HttpRequest) -> HttpResponseBase:
    """Django's own; 429 for too many attempts, before the password is hashed, which takes a quarter of a second."""
    waiting = _waiting(request) if request.method == "POST" else 0.0
    if not waiting:
        return admin.site.login(request)
    seconds = math.ceil(waiting)
    text = f"Too many attempts. Try again in {seconds} s."
    return HttpResponse(text, status=429, content_type="text/plain", headers={"Retry-After": str(seconds)})


def _waiting(request: HttpRequest) -> float:
    name = unicodedata.normalize("NFKC", request.POST.get("username", "")).casefold()
    return max(
        rate_limit.take(f"login:name:{keys.digest(name)[:32]}", A_MINUTE_BY_NAME),
        rate_limit.take(f"login:address:{keys.digest(request.META.get('REMOTE_ADDR', ''))[:32]}", A_MINUTE_BY_ADDRESS),
    )
