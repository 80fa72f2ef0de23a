"""How a failure of whoever asks a provider reaches everybody who waits for the same answer."""

from __future__ import annotations

from typing import Any

from caching.coordination.single_flight import Failures
from speech import exceptions
from speech.exceptions import GatewayError, ProviderError


def _dump(error: Exception) -> dict[str, Any] | None:
    if not isinstance(error, GatewayError):
        return None
    return {
        "class": type(error).__name__,
        "message": error.message,
        "param": error.param,
        "code": error.code,
        "retry_after": error.retry_after,
    }


def _load(told: dict[str, Any]) -> Exception:
    kind = getattr(exceptions, told.pop("class"), ProviderError)
    error: Exception = kind(told.pop("message"), **told)
    return error


FAILURES = Failures(_dump, _load)
