"""Errors that no API view sees. Under `/api/` and `/v1/` they have the API's shape; elsewhere they are Django's own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults

from speech.exception_handler import error_body


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _error(400, "The request could not be read.", "invalid_request_error", "bad_request")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return _error(404, f"There is nothing at {request.path}.", "not_found_error", "not_found")


def server_error(request: HttpRequest) -> HttpResponseBase:
    if not _is_api(request):
        return defaults.server_error(request)
    return _error(500, "Something went wrong on our side.", "server_error", "internal_error")


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/v1/"))


def _error(status: int, message: str, type: str, code: str) -> HttpResponse:
    retry = {"x-should-retry": "false"} if status < 500 else {}
    return JsonResponse(error_body(message, type=type, param=None, code=code), status=status, headers=retry)
