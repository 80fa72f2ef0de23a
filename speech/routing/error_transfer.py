"""Errors across the cache: a leader's failure sent to its followers, and the cache's own errors as ours."""

from __future__ import annotations

from typing import Any

from caching.coordination.single_flight import Failures, LeaderLost, LeaderSilent
from caching.result import NothingCached
from speech import exceptions
from speech.exceptions import (
    GatewayError,
    NotCached,
    ProviderError,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)

CACHE_ERRORS = (NothingCached, LeaderLost, LeaderSilent)


def as_ours(error: Exception) -> GatewayError:
    """Return the error to raise in place of one of CACHE_ERRORS."""
    if isinstance(error, NothingCached):
        return NotCached("Not cached, and only-if-cached does not allow a provider call.")
    if isinstance(error, LeaderLost):
        return ProviderUnavailable("the shared provider call was interrupted")
    return ProviderTimeout("the shared provider call timed out")


def _dump(error: Exception) -> dict[str, Any] | None:
    if not isinstance(error, GatewayError):
        return None
    told: dict[str, Any] = {
        "class": type(error).__name__,
        "message": error.message,
        "param": error.param,
        "code": error.code,
        "retry_after": error.retry_after,
    }
    if isinstance(error, ProviderRejected):
        told |= {"status": error.status, "type": error.type, "details": dict(error.details)}
    return told


def _load(told: dict[str, Any]) -> Exception:
    kind = getattr(exceptions, told.pop("class"), ProviderError)
    message = told.pop("message")
    try:
        error: Exception = kind(message, **told)
    except TypeError:  # of a worker of another version, whose errors have other fields
        return ProviderError(message)
    return error


FAILURES = Failures(_dump, _load)
