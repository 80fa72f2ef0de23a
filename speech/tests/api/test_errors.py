from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf

from speech import exceptions
from speech.api.errors import handle

CONTEXT: dict[str, Any] = {"view": object()}


@pytest.mark.parametrize(
    ("error", "status", "type", "code"),
    [
        (exceptions.InvalidRequest("no", param="x"), 400, "invalid_request_error", "invalid_value"),
        (exceptions.ProviderAuthFailed("no"), 502, "provider_error", "provider_auth_failed"),
        (exceptions.ProviderQuotaExceeded("no"), 503, "provider_error", "provider_quota_exceeded"),
        (exceptions.ProviderTimeout("no"), 504, "provider_error", "provider_timeout"),
        (exceptions.NotCached("no"), 504, "cache_error", "not_cached"),
        (Http404(), 404, "not_found_error", "not_found"),
        (PermissionDenied(), 403, "permission_error", "permission_denied"),
        (RequestDataTooBig(), 413, "invalid_request_error", "payload_too_large"),
        (UnreadablePostError(), 408, "invalid_request_error", "request_timeout"),
        (drf.NotAuthenticated(), 401, "authentication_error", "not_authenticated"),
        (drf.Throttled(3), 429, "rate_limit_error", "throttled"),
        (KeyError("secret"), 500, "server_error", "internal_error"),
    ],
)
def test_every_failure_has_one_shape(error: Exception, status: int, type: str, code: str) -> None:
    response = handle(error, CONTEXT)
    assert response.status_code == status
    assert set(response.data["error"]) == {"message", "type", "param", "code"}
    assert (response.data["error"]["type"], response.data["error"]["code"]) == (type, code)
    assert "secret" not in str(response.data)


def test_it_says_when_to_come_back() -> None:
    assert handle(exceptions.ProviderRateLimited("slow", retry_after=2.4), CONTEXT).headers["Retry-After"] == "2"
    assert handle(drf.Throttled(3), CONTEXT).headers["Retry-After"] == "3"


@pytest.mark.parametrize(
    ("error", "pointless"),
    [
        (exceptions.InvalidRequest("no"), True),
        (exceptions.ProviderQuotaExceeded("no"), True),
        (exceptions.ProviderUnavailable("no"), False),
        (exceptions.ProviderRateLimited("no"), False),
        (drf.Throttled(3), False),
    ],
)
def test_it_tells_sdks_whether_to_try_again(error: Exception, pointless: bool) -> None:
    assert (handle(error, CONTEXT).headers.get("x-should-retry") == "false") == pointless


def test_it_names_the_innermost_field() -> None:
    error = drf.ValidationError({"messages": [{}, {"content": ["Too long."]}]}, code="text_too_long")
    body = handle(error, CONTEXT).data["error"]
    assert (body["param"], body["code"]) == ("messages.1.content", "text_too_long")
    assert body["message"] == "messages.1.content: Too long."
