"""Error responses, all in OpenAI's format, so that its SDKs show our messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from caching.database import DatabaseUnavailable
from speech.exceptions import GatewayError

logger = logging.getLogger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER. A view's `renamed` has the fields that its endpoint calls by another name."""
    if isinstance(error, GatewayError):
        error.rename_field(getattr(context.get("view"), "renamed", {}))
        return _from_gateway_error(error)
    if isinstance(error, Http404):
        error = drf.NotFound()
    elif isinstance(error, PermissionDenied):
        error = drf.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = PayloadTooLarge()
    elif isinstance(error, UnreadablePostError):
        error = IncompleteBody()
    if isinstance(error, drf.APIException):
        return _from_drf(error)
    if isinstance(error, DatabaseUnavailable | OperationalError | InterfaceError):
        # Told in the log once, by caching.database.
        return error_response(
            503,
            "The gateway's database does not answer. Try again in a moment.",
            type="server_error",
            code="database_unavailable",
            headers={"Retry-After": "1"},
        )
    logger.exception("Unexpected error in %s", context["view"].__class__.__name__)
    return error_response(500, "Internal server error.", type="server_error", code="internal_error")


class IncompleteBody(drf.APIException):
    status_code = 408
    default_detail = "The request body was incomplete or took too long."
    default_code = "request_timeout"


class PayloadTooLarge(drf.APIException):
    status_code = 413
    default_detail = "The request body is too large."
    default_code = "payload_too_large"


def as_gateway_error(error: Exception) -> GatewayError:
    """Return an error in the middle of a stream as one that may be shown. Logs it if it is none of ours."""
    if isinstance(error, GatewayError):
        return error
    logger.error("Unexpected error in a stream", exc_info=error)
    return GatewayError("Internal server error.")


def error_body(
    message: str, *, type: str, param: str | None, code: str, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"error": {**(details or {}), "message": message, "type": type, "param": param, "code": code}}


def error_response(
    status: int,
    message: str,
    *,
    type: str = "invalid_request_error",
    param: str | None = None,
    code: str = "invalid_value",
    details: Mapping[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the documented error body. 4xx other than 429 tell OpenAI's SDKs not to retry."""
    pointless = 400 <= status < 500 and status != 429
    retry = {"x-should-retry": "false"} if pointless else {}
    body = error_body(message, type=type, param=param, code=code, details=details)
    return Response(body, status=status, headers={**retry, **(headers or {})})


def _from_gateway_error(error: GatewayError) -> Response:
    headers = {} if error.retry_helps else {"x-should-retry": "false"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status >= 500:
        logger.warning("%s: %s", error.code, error.message)
    return error_response(
        error.status,
        error.message,
        type=error.type,
        param=error.param,
        code=error.code,
        details=error.details,
        headers=headers,
    )


def _from_drf(error: drf.APIException) -> Response:
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(round(wait))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    param, message, code = _first_problem(error.get_full_details())
    types = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    return error_response(
        error.status_code,
        message,
        type=types.get(error.status_code, "invalid_request_error"),
        param=param,
        code=code,
        headers=headers,
    )


def _first_problem(details: Any, path: tuple[str, ...] = ()) -> tuple[str | None, str, str]:
    """Return field, message and code of the first leaf in DRF's tree of errors."""
    if isinstance(details, dict) and "message" in details and "code" in details:
        field = ".".join(part for part in path if part != "non_field_errors") or None
        message = str(details["message"])
        return field, f"{field}: {message}" if field else message, str(details["code"])
    if isinstance(details, dict):
        name, inner = next(iter(details.items()))
        return _first_problem(inner, (*path, str(name)))
    position, inner = next((i, item) for i, item in enumerate(details) if item)
    return _first_problem(inner, path if "message" in inner else (*path, str(position)))
