"""Circuit breaker for providers, so that not every request waits for the time-out of one that is down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from caching import tracing
from caching.metrics import samples_of
from speech.exceptions import (
    GatewayError,
    ProviderBadAnswer,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.metrics import CIRCUIT_OPEN, LEFT_ALONE, measured
from speech.providers.base import BaseProvider

logger = logging.getLogger(__name__)

# Longest time between two trial calls, whatever `Retry-After` says.
LONGEST_SECONDS = 300.0


class ProviderBreaker:
    """Circuit of one provider and operation in this process.

    PROVIDER_BREAKER_FAILURES failures in a row open it, and so does one rate limit error with `Retry-After`. While it
    is open, one trial call is admitted every PROVIDER_BREAKER_SECONDS; the first success closes it. No call waits for a
    trial, so a trial that never ends blocks nothing.
    """

    def __init__(self, provider: str, operation: str) -> None:
        self._gauges = [gauge.labels(provider, operation) for gauge in (CIRCUIT_OPEN, LEFT_ALONE)]
        self._lock = threading.Lock()
        self._failures = 0
        self._failure: GatewayError | None = None
        """The failure that opened it; None while it is closed."""
        self._next_trial = 0.0
        """`time.monotonic()`"""
        self._report(0)

    @property
    def seconds_left(self) -> float:
        """Seconds until the next trial; 0 if a call would be admitted."""
        return max(0.0, self._next_trial - time.monotonic()) if self._failure else 0.0

    def admit(self) -> None:
        """Raise the failure that opened the circuit, with the seconds until the next trial, unless a call may pass."""
        with self._lock:
            failure, left = self._failure, self.seconds_left
            if failure is None:
                return
            if not left:
                self._next_trial = time.monotonic() + settings.PROVIDER_BREAKER_SECONDS
                return
        cause = "because it asked to wait" if _asks_to_wait(failure) else "after repeated failures"
        message = f"{failure.message.partition(';')[0]}; temporarily disabled {cause}"
        raise type(failure)(message, retry_after=left)

    def succeeded(self) -> None:
        with self._lock:
            was_open = self._failure is not None
            self._failures, self._failure = 0, None
        if was_open:
            self._report(0)

    def failed(self, error: GatewayError) -> None:
        wanted = error.retry_after or 0.0
        with self._lock:
            self._failures += 1
            told_to_wait = _asks_to_wait(error)
            if not told_to_wait and self._failures < settings.PROVIDER_BREAKER_FAILURES:
                return
            self._failure = error
            pause = wanted if told_to_wait else max(settings.PROVIDER_BREAKER_SECONDS, wanted)
            self._next_trial = time.monotonic() + min(pause, LONGEST_SECONDS)
        self._report(1)

    def _report(self, is_open: int) -> None:
        for gauge in self._gauges:
            gauge.set(is_open)


def _asks_to_wait(error: GatewayError) -> bool:
    return isinstance(error, ProviderRateLimited) and bool(error.retry_after)


@cache
def breaker_of(provider: str, operation: str) -> ProviderBreaker:
    return ProviderBreaker(provider, operation)


def open_circuits() -> list[str]:
    """Return a sentence for each circuit that is open in some worker."""
    found = [(sample.labels, int(sample.value)) for sample in samples_of(CIRCUIT_OPEN) if sample.value]
    return [
        f"{labels['provider']} keeps failing: circuit for {labels['operation']} is open "
        f"in {workers} {'worker' if workers == 1 else 'workers'}."
        for labels, workers in found
    ]


@contextmanager
def _readable(provider: BaseProvider) -> Iterator[None]:
    """Turn the failure of our own code over an answer into ProviderBadAnswer, so that a fallback is asked."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        logger.exception("%s sent an answer that cannot be read", provider.name)
        raise ProviderBadAnswer(f"{provider.name} sent an answer that cannot be read") from error


@contextmanager
def calling(provider: BaseProvider, operation: str, model: str) -> Iterator[None]:
    """Run a provider call: refuse it while the circuit is open, else time, trace and count it.

    Only faults of the provider are failures, an answer that our code stumbles over included. A refused request proves
    that it works; a wrong key, an empty account or an answer without content says nothing about the next call.
    """
    provider.ensure_configured()
    with tracing.span(f"{operation} {model}", operation=operation, provider=provider.name, model=model):
        if settings.PROVIDER_BREAKER_FAILURES:
            with _guarded(provider, operation):
                yield
        else:
            with measured(provider.name, operation), _readable(provider):
                yield


@contextmanager
def _guarded(provider: BaseProvider, operation: str) -> Iterator[None]:
    breaker = breaker_of(provider.name, operation)
    breaker.admit()
    try:
        with measured(provider.name, operation), _readable(provider):
            yield
    except (ProviderUnavailable, ProviderTimeout, ProviderRateLimited) as error:
        breaker.failed(error)
        raise
    except ProviderBadAnswer as error:
        if not error.empty:
            breaker.failed(error)
        raise
    except ProviderRejected:
        breaker.succeeded()
        raise
    breaker.succeeded()
