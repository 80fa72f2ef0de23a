"""Convert a provider's errors, in any format and at any place, to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from caching import numbers
from speech.exceptions import (
    GatewayError,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderError,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.providers._shared.api_keys import redacted, split_keys

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
# Codes that come with a 403 because of the key, its account or what they may do: Sarvam's invalid_api_key_error,
# ElevenLabs' missing_permissions. Those about a model or a text are the request's.
_OF_A_KEY = re.compile("(?!model).*(key|auth|permission|denied|account|subscription|forbidden|scope|token$)", re.I)
# Where this server is: neither the key's fault nor the request's.
_OF_THE_PLACE = "unsupported_country_region_territory"
_FAULTS_OF_THE_CLIENT = (400, 404, 409, 413, 422)
# Of errors that come without a status: the types of OpenAI, vLLM and Anthropic, Google's (google.rpc.Code), DashScope's
# and Databricks'.
_STATUS_OF_TYPE = {
    400: "invalid_request_error BadRequestError validation INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE "
    "InvalidParameter DataInspectionFailed BAD_REQUEST INVALID_PARAMETER_VALUE",
    401: "authentication_error AuthenticationError UNAUTHENTICATED invalid_api_key invalid_api_key_error InvalidApiKey",
    403: "permission_error PermissionDeniedError PERMISSION_DENIED",
    404: "not_found_error NotFoundError NOT_FOUND",
    408: "timeout_error DEADLINE_EXCEEDED",
    409: "conflict_error ConflictError ALREADY_EXISTS ABORTED",
    413: "request_too_large",
    422: "UnprocessableEntityError",
    429: "rate_limit_error RateLimitError RESOURCE_EXHAUSTED Throttling REQUEST_LIMIT_EXCEEDED",
}
_STATUSES = {name: status for status, names in _STATUS_OF_TYPE.items() for name in names.split()}
# Codes and reasons of answers that did not fail, in lower case.
_SUCCESS = {"", "0", "200", "ok", "success", "succeeded", "successful"}
# Fields of which one is the result of a provider's answer.
_RESULTS = (
    "choices", "data", "output", "content", "text", "transcript", "results", "combinedPhrases", "audios",
    "audioContent", "voices",
)  # fmt: skip
_LONGEST_MESSAGE = 4_000  # characters
# What Deepgram, Baidu, Databricks and MiniMax call a reason and its code.
_OTHER_NAMES = {
    "err_msg": "message", "error_msg": "message", "status_msg": "message",
    "err_code": "code", "error_code": "code", "status_code": "code",
}  # fmt: skip
# Fields of an error that have a place of their own in ours, or only repeat what was sent (pydantic's).
_TOLD = {
    "message", "msg", "err_msg", "error_msg", "status_msg", "param", "code", "err_code", "error_code", "status_code",
    "type", "error_type", "error", "detail", "errors", "base_resp", "object", "success", "loc", "ctx", "input", "url",
}  # fmt: skip
_LARGEST_DETAILS = 32_000  # characters of JSON
_LONGEST_CODE = 100
_NO_REASON = "no reason given"


def from_answer(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str] = ()
) -> GatewayError:
    """Convert a response with a status outside 200 to 299; `secrets` never appear in the message."""
    return _failure(provider, status, headers, _error_of(body), secrets)


def raise_if_error(provider: str, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
    """Raise the error that an answer with status 200, or an event of a stream, tells of."""
    error = answer.get("error")
    # one-api adds one whose fields are all empty.
    told = any(error.values()) if isinstance(error, dict) else error
    if told or answer.get("object") == "error" or _only_says_why(answer):
        raise from_event(provider, answer, headers)


def from_event(provider: str, answer: Any, headers: Mapping[str, str] | None = None) -> GatewayError:
    """Convert an error that comes without a status."""
    error = _described(answer)
    headers = {name.lower(): value for name, value in (headers or {}).items()} | _headers_of(error)
    status = _status_of(error)
    secrets = split_keys(settings.PROVIDERS.get(provider, {}).get("API_KEY", ""))
    message = _message(error, secrets)
    if status >= 500 and not (_names(error) & (_OUT_OF_QUOTA | _TOO_FAST) or _SPENT.search(message)):
        return ProviderUnavailable(f"{provider} reported an error: {message}", retry_after=_retry_after(headers, error))
    return _failure(provider, status, headers, error, secrets)


def _only_says_why(answer: Mapping[str, Any]) -> bool:
    """Return True for a code and a reason without any result: DashScope's, MiniMax's, Cloudflare's.

    An empty result may be one, of silence, if the code or the reason is a word for success.
    """
    if any(map(answer.get, _RESULTS)):
        return False
    error = _described(answer)
    said = str(error.get("code") or ""), _reason(error)
    return bool(said[1]) and not any(word.casefold() in _SUCCESS for word in said)


def _failure(
    provider: str, status: int, headers: Mapping[str, str], error: Mapping[str, Any], secrets: Iterable[str]
) -> GatewayError:
    names, wait = _names(error), _retry_after(headers, error)
    if status == 402 or names & _OUT_OF_QUOTA or _SPENT.search(_message(error, ())):
        return ProviderQuotaExceeded(f"the {provider} account is out of credit", retry_after=wait)
    if status == 429 or names & _TOO_FAST:
        return ProviderRateLimited(f"{provider} rate limit reached", retry_after=wait)
    if _OF_THE_PLACE in names:
        return ProviderError(_message(error, secrets), code=_OF_THE_PLACE, retry_after=wait)
    if status == 401 or (status == 403 and not _is_of_the_request(error)):
        return ProviderAuthFailed(f"{provider} rejected the configured key (status {status})", retry_after=wait)
    if status == 408:
        return ProviderTimeout(f"{provider} timed out (status {status})", retry_after=wait)
    if status >= 500:
        return ProviderUnavailable(f"{provider} failed (status {status})", retry_after=wait)
    if status < 400:
        return ProviderBadAnswer(f"{provider} returned status {status}")
    param, code = error.get("param"), error.get("code")
    message, kind = _message(error, secrets), error.get("type")
    return ProviderRejected(
        f"{provider} rejected the request: {message}" if message == _NO_REASON else message,
        status=status if status in _FAULTS_OF_THE_CLIENT else 400,
        param=redacted(param, secrets) if isinstance(param, str) else None,
        code=redacted(code, secrets)[:_LONGEST_CODE] if isinstance(code, str) and not code.isdecimal() else None,
        retry_after=wait,
        # FastAPI's types are of values, such as `missing`.
        type=redacted(kind, secrets)[:_LONGEST_CODE] if isinstance(kind, str) and "loc" not in error else "",
        details=_details(error, secrets),
    )


def _error_of(body: bytes) -> Mapping[str, Any]:
    """Return the error that a body describes. Where no field is known to say why, the whole text does.

    Rust's axum answers with a sentence (DeepSeek, xAI). A page tells of the proxy that made it, not of the request.
    """
    text = body.decode(errors="ignore").strip()
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = "" if text.startswith("<") else text
    error = _described(answer)
    # What a service passes on of another one is among the details.
    unsaid = answer and not _reason(error) and not error.get("metadata")
    return {**error, "message": text} if unsaid else error


def _described(answer: Any) -> dict[str, Any]:
    """Return the object that describes an error, wherever a provider puts it.

    OpenAI's and Sarvam's `error`, also in a list (Gemini) or beside its code (xAI), ElevenLabs' `detail`, FastAPI's
    list of details, Cloudflare's of `errors`, MiniMax's `base_resp`, or the answer itself (Mistral), under names of its
    own (Deepgram, Baidu, Databricks).
    """
    if isinstance(answer, list):
        answer = next(iter(answer), None)
    if not isinstance(answer, dict):
        return {"message": answer} if isinstance(answer, str) else {}
    error = answer.get("error") or answer.get("detail") or answer.get("errors") or answer.get("base_resp") or answer
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        # An event called `error` whose data has one of its own.
        error = error["error"]
    if isinstance(error, list):
        error = next(iter(error), None)
    if isinstance(error, dict):
        filled = {name: value for name, value in error.items() if value not in (None, "")}
        error = {name: filled[other] for other, name in _OTHER_NAMES.items() if other in filled} | filled
        if isinstance(error.get("message"), dict | list):
            error = {"param": _place_within(error["message"]), **error}
        return {**error, "param": _place(error["loc"])} if isinstance(error.get("loc"), list) else error
    return {**answer, "type": answer.get("error_type"), "message": error} if isinstance(error, str) else {}


def _place_within(message: Any) -> str | None:
    """Return the field that FastAPI's details name, where Mistral nests them: `{"detail": [{"loc": …}]}`."""
    details = message.get("detail") if isinstance(message, dict) else message
    first = next(iter(details), None) if isinstance(details, list) else details
    return _place(first.get("loc")) if isinstance(first, dict) else None


def _place(location: Any) -> str | None:
    """Return the field that a path of FastAPI names: `["body", "messages", 0]` is `messages.0`."""
    return ".".join(str(part) for part in location if part != "body") if isinstance(location, list) else None


def _names(error: Mapping[str, Any]) -> set[str]:
    return {str(error[key]) for key in ("code", "type", "status") if error.get(key)}


def _status_of(error: Mapping[str, Any]) -> int:
    """Return the status that an error names, as a number or by its type; 500 for none."""
    for key in ("status", "status_code", "code", "http_status"):
        if status := numbers.whole(str(error.get(key) or ""), 400, 599):
            return status
    # The code first: OpenAI's type of a wrong key is `invalid_request_error`.
    names = (str(error.get(key)) for key in ("code", "type", "status"))
    return next((_STATUSES[name] for name in names if name in _STATUSES), 500)


def _is_of_the_request(error: Mapping[str, Any]) -> bool:
    """Return True for a 403 that another key would get too: OpenRouter's of a flagged input, OpenAI's of a model."""
    about, code = error.get("metadata"), error.get("code")
    if isinstance(about, dict) and about.keys() & {"reasons", "flagged_input"}:
        return True
    return isinstance(code, str) and bool(code) and not code.isdecimal() and not _OF_A_KEY.match(code)


def _details(error: Mapping[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    """Return the fields by which a client tells what it can do, as far as there is room for them.

    Azure's `innererror` names the filter, Groq's `failed_generation` is what the model wrote, llama.cpp's `n_ctx` the
    size of the context, OpenRouter's `metadata` what the service behind it said.
    """
    shown: dict[str, Any] = {}
    room = _LARGEST_DETAILS
    for name, value in error.items():
        if name == "metadata" and isinstance(value, dict):
            value = {inner: item for inner, item in value.items() if inner != "headers"}
        if name in _TOLD or value in (None, "", [], {}):
            continue
        try:
            size = len(json.dumps(value, allow_nan=False))
            if size <= room:
                shown |= redacted({name: value}, secrets)
                room -= size
        except (RecursionError, ValueError):
            continue
    return shown


def _headers_of(error: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers within an error, as OpenRouter passes on those of others."""
    about = error.get("metadata")
    found = about.get("headers") if isinstance(about, dict) else None
    return {str(name).lower(): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _retry_after(headers: Mapping[str, str], error: Mapping[str, Any]) -> float | None:
    """Return the seconds of a number, a date (RFC 9110, section 10.2.3), OpenAI's milliseconds or Google's delay."""
    try:
        if "retry-after-ms" in headers:
            return _sane(float(headers["retry-after-ms"]) / 1000)
        if "retry-after" in headers:
            return _sane(_seconds(headers["retry-after"]))
    except (ValueError, OverflowError, InvalidHeader):
        return None
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.removesuffix("s").replace(".", "", 1).isdecimal():
            return _sane(float(delay.removesuffix("s")))
    return None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(Retry().parse_retry_after(text))


def _sane(seconds: float) -> float | None:
    return max(0.0, seconds) if seconds < float("inf") else None


def _message(error: Mapping[str, Any], secrets: Iterable[str]) -> str:
    message: str = redacted(_reason(error), secrets)
    return message[:_LONGEST_MESSAGE] or _NO_REASON


def _reason(error: Mapping[str, Any]) -> str:
    """Return the words of an error, which Mistral nests: `{"message": {"detail": [{"msg": …}]}}`."""
    message = error.get("message") or error.get("msg")
    if isinstance(message, dict | list):
        message = _described(message)
        message = message.get("message") or message.get("msg")
    return message if isinstance(message, str) else ""
