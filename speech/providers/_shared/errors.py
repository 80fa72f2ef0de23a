"""Convert a provider's errors, in any format, to ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

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

# OpenAI's, Sarvam's and ElevenLabs' names. ElevenLabs says quota_exceeded with a 401, Sarvam its own with a 429.
_OUT_OF_QUOTA = {"insufficient_quota", "insufficient_quota_error", "quota_exceeded"}
_TOO_FAST = {"rate_limit_exceeded", "rate_limit_exceeded_error", "too_many_concurrent_requests", "system_busy"}
_LONGEST_MESSAGE = 300  # characters


def from_answer(
    provider: str, status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str] = ()
) -> GatewayError:
    """Convert a response with a status outside 200 to 299; `secrets` never appear in the message."""
    error = _error_of(body)
    codes = {str(error[key]) for key in ("code", "type", "status") if error.get(key)}
    if status == 402 or codes & _OUT_OF_QUOTA:
        return ProviderQuotaExceeded(f"the {provider} account is out of credit")
    if status == 429 or codes & _TOO_FAST:
        return ProviderRateLimited(f"{provider} rate limit reached", retry_after=_retry_after(headers))
    if status in (401, 403):
        return ProviderAuthFailed(f"{provider} rejected the configured key (status {status})")
    if status == 408:
        return ProviderTimeout(f"{provider} timed out (status {status})")
    if status >= 500:
        return ProviderUnavailable(f"{provider} failed (status {status})", retry_after=_retry_after(headers))
    if status >= 400:
        message = _redacted(str(error.get("message") or error.get("msg") or ""), secrets) or "no reason given"
        param = error.get("param")
        return ProviderRejected(
            f"{provider} rejected the request: {message}", param=param if isinstance(param, str) else None
        )
    return ProviderBadAnswer(f"{provider} returned status {status}")


def from_event(provider: str, error: Any) -> GatewayError:
    """Convert an error object within a stream."""
    failure = from_answer(provider, 500, {}, json.dumps({"error": error}).encode())
    return (
        ProviderUnavailable(f"{provider} interrupted its response")
        if failure.code == "provider_unavailable"
        else failure
    )


def _error_of(body: bytes) -> dict[str, Any]:
    """OpenAI's and Sarvam's `error`, ElevenLabs' `detail`, FastAPI's list of details, or Deepgram's `err_msg`."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    error = (answer.get("error") or answer.get("detail")) if isinstance(answer, dict) else None
    if error is None and isinstance(answer, dict) and "err_msg" in answer:
        return {"message": answer["err_msg"], "code": answer.get("err_code")}
    if isinstance(error, list) and error:
        error = error[0]
    return error if isinstance(error, dict) else {"message": error} if isinstance(error, str) else {}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3), or from OpenAI's own header in milliseconds."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        return float(Retry().parse_retry_after(headers["retry-after"]))
    except (KeyError, ValueError, InvalidHeader):
        return None


def _redacted(message: str, secrets: Iterable[str]) -> str:
    for secret in filter(None, secrets):
        message = message.replace(secret, "***")
    return message[:_LONGEST_MESSAGE]
