"""Errors across the cache: a leader's failure sent to its followers, and the cache's own errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from caching.coordination.single_flight import Failures, LeaderLost, LeaderSilent
from caching.result import NothingCached
from speech import exceptions
from speech.exceptions import GatewayError, NotCached, ProviderError, ProviderTimeout, ProviderUnavailable


@contextmanager
def cache_errors_as_ours() -> Iterator[None]:
    """Raise a GatewayError in place of NothingCached, LeaderLost or LeaderSilent."""
    try:
        yield
    except NothingCached as error:
        raise NotCached("Not cached, and only-if-cached does not allow a provider call.") from error
    except LeaderLost as error:
        raise ProviderUnavailable("the shared provider call was interrupted") from error
    except LeaderSilent as error:
        raise ProviderTimeout("the shared provider call timed out") from error


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
