"""Convert a provider's errors, in any format and at any place, to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from speech.exceptions import (
    GatewayError,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.providers._shared.api_keys import split_keys

# OpenAI's, Sarvam's, ElevenLabs' and Anthropic's names. ElevenLabs says quota_exceeded with a 401, Sarvam its own
# with a 429.
_OUT_OF_QUOTA = {
    "insufficient_quota", "insufficient_quota_error", "quota_exceeded", "billing_not_active",
    "billing_hard_limit_reached", "billing_error",
}  # fmt: skip
_TOO_FAST = {"rate_limit_exceeded", "rate_limit_exceeded_error", "too_many_concurrent_requests", "system_busy"}
# Anthropic says so with a 400, and without a code of its own.
_SPENT = re.compile(
    "credit balance is too low|reached your specified API usage limits|insufficient (credits|balance)", re.I
)
_FAULTS_OF_THE_CLIENT = (400, 404, 409, 413, 422)
# Of errors that come without a status: the types of OpenAI, vLLM and Anthropic, and Google's (google.rpc.Code).
_STATUS_OF_TYPE = {
    400: "invalid_request_error BadRequestError validation INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE",
    401: "authentication_error AuthenticationError UNAUTHENTICATED",
    403: "permission_error PermissionDeniedError PERMISSION_DENIED",
    404: "not_found_error NotFoundError NOT_FOUND",
    408: "timeout_error DEADLINE_EXCEEDED",
    409: "conflict_error ConflictError ALREADY_EXISTS ABORTED",
    413: "request_too_large",
    422: "UnprocessableEntityError",
    429: "rate_limit_error RateLimitError RESOURCE_EXHAUSTED",
}
_STATUSES = {name: status for status, names in _STATUS_OF_TYPE.items() for name in names.split()}
_LONGEST_MESSAGE = 300  # characters
_LONGEST_CODE = 100


def from_answer(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str] = ()
) -> GatewayError:
    """Convert a response with a status outside 200 to 299; `secrets` never appear in the message."""
    return _failure(provider, status, headers, _error_of(body), secrets)


def raise_if_error(provider: str, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Raise the error that an answer with status 200, or an event of a stream, tells of."""
    if answer.get("error") or answer.get("object") == "error":
        raise from_event(provider, answer, headers)


def from_event(provider: str, answer: Any, headers: Mapping[str, str] | None = None) -> GatewayError:
    """Convert an error that comes without a status."""
    error = _described(answer)
    headers = {name.lower(): value for name, value in (headers or {}).items()} | _headers_of(error)
    status = _status_of(error)
    secrets = split_keys(settings.PROVIDERS.get(provider, {}).get("API_KEY", ""))
    if status >= 500 and not _names(error) & (_OUT_OF_QUOTA | _TOO_FAST):
        message = f"{provider} reported an error: {_message(error, secrets)}"
        return ProviderUnavailable(message, retry_after=_retry_after(headers, error))
    return _failure(provider, status, headers, error, secrets)


def _failure(
    provider: str, status: int, headers: Mapping[str, str], error: Mapping[str, Any], secrets: Iterable[str]
) -> GatewayError:
    names, wait = _names(error), _retry_after(headers, error)
    if status == 402 or names & _OUT_OF_QUOTA or _SPENT.search(_message(error, ())):
        return ProviderQuotaExceeded(f"the {provider} account is out of credit", retry_after=wait)
    if status == 429 or names & _TOO_FAST:
        return ProviderRateLimited(f"{provider} rate limit reached", retry_after=wait)
    if status == 401 or (status == 403 and not _is_moderation(error)):
        return ProviderAuthFailed(f"{provider} rejected the configured key (status {status})", retry_after=wait)
    if status == 408:
        return ProviderTimeout(f"{provider} timed out (status {status})", retry_after=wait)
    if status >= 500:
        return ProviderUnavailable(f"{provider} failed (status {status})", retry_after=wait)
    if status < 400:
        return ProviderBadAnswer(f"{provider} returned status {status}")
    param, code = error.get("param"), error.get("code")
    return ProviderRejected(
        f"{provider} rejected the request: {_message(error, secrets)}",
        status=status if status in _FAULTS_OF_THE_CLIENT else 400,
        param=param if isinstance(param, str) else None,
        code=_redacted(code, secrets)[:_LONGEST_CODE] if isinstance(code, str) and not code.isdecimal() else None,
        retry_after=wait,
    )


def _error_of(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return _described(answer)


def _described(answer: Any) -> dict[str, Any]:
    """The object that describes an error, wherever a provider puts it.

    OpenAI's and Sarvam's `error`, also in a list (Gemini) or beside its code (xAI), ElevenLabs' `detail`, FastAPI's
    list of details, Deepgram's `err_msg`, or the answer itself (Mistral).
    """
    if isinstance(answer, list):
        answer = next(iter(answer), None)
    if not isinstance(answer, dict):
        return {"message": answer} if isinstance(answer, str) else {}
    if "err_msg" in answer:
        return {"message": answer["err_msg"], "code": answer.get("err_code")}
    error = answer.get("error") or answer.get("detail") or answer
    if isinstance(error, list):
        error = next(iter(error), None)
    if isinstance(error, dict):
        return {**error, "param": _place(error["loc"])} if isinstance(error.get("loc"), list) else error
    return {**answer, "type": answer.get("error_type"), "message": error} if isinstance(error, str) else {}


def _place(location: list[Any]) -> str:
    """FastAPI's path to a field: `["body", "messages", 0]`."""
    return ".".join(str(part) for part in location if part != "body")


def _names(error: Mapping[str, Any]) -> set[str]:
    return {str(error[key]) for key in ("code", "type", "status") if error.get(key)}


def _status_of(error: Mapping[str, Any]) -> int:
    """The status that an error names, as a number or by its type; 500 for none."""
    for key in ("status", "status_code", "code", "http_status"):
        value = str(error.get(key) or "")
        if value.isdecimal() and 400 <= int(value) < 600:
            return int(value)
    return next((_STATUSES[name] for name in _names(error) if name in _STATUSES), 500)


def _is_moderation(error: Mapping[str, Any]) -> bool:
    """OpenRouter answers a flagged input with 403, and says why."""
    about = error.get("metadata")
    return isinstance(about, dict) and bool(about.keys() & {"reasons", "flagged_input"})


def _headers_of(error: Mapping[str, Any]) -> dict[str, str]:
    """Headers within an error, as OpenRouter passes on those of others."""
    about = error.get("metadata")
    found = about.get("headers") if isinstance(about, dict) else None
    return {str(name).lower(): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _retry_after(headers: Mapping[str, str], error: Mapping[str, Any]) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3), OpenAI's milliseconds, or Google's RetryInfo."""
    try:
        if "retry-after-ms" in headers:
            return _sane(float(headers["retry-after-ms"]) / 1000)
        if "retry-after" in headers:
            return _sane(float(Retry().parse_retry_after(headers["retry-after"])))
    except (ValueError, OverflowError, InvalidHeader):
        return None
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.removesuffix("s").replace(".", "", 1).isdecimal():
            return _sane(float(delay.removesuffix("s")))
    return None


def _sane(seconds: float) -> float | None:
    return max(0.0, seconds) if seconds < float("inf") else None


def _message(error: Mapping[str, Any], secrets: Iterable[str]) -> str:
    message = _redacted(_text_of(error.get("message") or error.get("msg")), secrets)
    return message[:_LONGEST_MESSAGE] or "no reason given"


def _text_of(message: Any) -> str:
    """The words of a message, which Mistral nests: `{"detail": [{"msg": …}]}`."""
    if isinstance(message, dict | list):
        message = _described(message)
        message = message.get("message") or message.get("msg")
    return message if isinstance(message, str) else ""


def _redacted(message: str, secrets: Iterable[str]) -> str:
    for secret in filter(None, secrets):
        message = message.replace(secret, "***")
    return message
