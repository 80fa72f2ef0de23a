"""Leaves a provider alone that keeps failing, so that not every request waits out a time-out to learn the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings

from caching.coordination.admission import turns
from caching.metrics import samples_of
from speech.exceptions import GatewayError, ProviderRateLimited, ProviderRejected, ProviderTimeout, ProviderUnavailable
from speech.metrics import CIRCUIT_OPEN, LEFT_ALONE, measured
from speech.providers.base import BaseProvider

LONGEST_SECONDS = 300.0
"""However long a provider asks to be left alone, a request finds out now and then whether it still means it."""


class ProviderBreaker:
    """What one process knows of one provider's one operation.

    Closed, every call is admitted. PROVIDER_BREAKER_FAILURES failures in a row open it, and so does one answer that
    says how long to wait. Open, one call each PROVIDER_BREAKER_SECONDS is admitted as a trial, and the first call that
    succeeds closes it. Nothing waits for a trial, so one that never ends stops nobody.
    """

    def __init__(self, provider: str, operation: str) -> None:
        self._gauges = [gauge.labels(provider, operation) for gauge in (CIRCUIT_OPEN, LEFT_ALONE)]
        self._lock = threading.Lock()
        self._failures = 0
        self._failure: GatewayError | None = None
        """Why it is open; None while it is closed."""
        self._next_trial = 0.0
        """`time.monotonic()`"""

    @property
    def seconds_left(self) -> float:
        """Until the next trial; 0 where a call would be admitted."""
        return max(0.0, self._next_trial - time.monotonic()) if self._failure else 0.0

    def admit(self) -> None:
        """Raises the failure that opened it, with the time after which trying again makes sense."""
        with self._lock:
            failure, left = self._failure, self.seconds_left
            if failure is None:
                return
            if not left:
                self._next_trial = time.monotonic() + settings.PROVIDER_BREAKER_SECONDS
                return
        message = f"{failure.message.partition(';')[0]}; temporarily disabled after repeated failures"
        raise type(failure)(message, retry_after=left)

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._failure = 0, None
        self._report(0)

    def failed(self, error: GatewayError) -> None:
        wanted = error.retry_after or 0.0
        with self._lock:
            self._failures += 1
            told_to_wait = isinstance(error, ProviderRateLimited) and wanted > 0
            if not told_to_wait and self._failures < settings.PROVIDER_BREAKER_FAILURES:
                return
            self._failure = error
            pause = wanted if told_to_wait else max(settings.PROVIDER_BREAKER_SECONDS, wanted)
            self._next_trial = time.monotonic() + min(pause, LONGEST_SECONDS)
        self._report(1)

    def _report(self, is_open: int) -> None:
        for gauge in self._gauges:
            gauge.set(is_open)


@cache
def breaker_of(provider: str, operation: str) -> ProviderBreaker:
    return ProviderBreaker(provider, operation)


def open_circuits() -> list[str]:
    """A sentence for each provider and operation whose circuit is open in some worker."""
    found = [(sample.labels, int(sample.value)) for sample in samples_of(CIRCUIT_OPEN) if sample.value]
    return [
        f"{labels['provider']} keeps failing: circuit for {labels['operation']} is open "
        f"in {workers} {'worker' if workers == 1 else 'workers'}."
        for labels, workers in found
    ]


@contextmanager
def calling(provider: BaseProvider, operation: str) -> Iterator[None]:
    """Around a call to a provider: refuse it where the provider is left alone, else time it and count its failures.

    A request that the provider refuses says that it is well; an answer that cannot be read, a wrong key and an empty
    account say nothing about whether it will answer the next one.
    """
    turns.give_back()
    provider.ensure_configured()
    if not settings.PROVIDER_BREAKER_FAILURES:
        with measured(provider.name, operation):
            yield
        return
    breaker = breaker_of(provider.name, operation)
    breaker.admit()
    try:
        with measured(provider.name, operation):
            yield
    except (ProviderUnavailable, ProviderTimeout, ProviderRateLimited) as error:
        breaker.failed(error)
        raise
    except ProviderRejected:
        breaker.succeeded()
        raise
    breaker.succeeded()
