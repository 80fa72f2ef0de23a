from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from speech.exceptions import GatewayError

PROVIDER_SECONDS = Histogram(
    "provider_request_duration_seconds",
    "Time until a provider's response was complete.",
    ["provider", "operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PROVIDER_ERRORS = Counter("provider_errors", "Failed provider calls, by error code.", ["provider", "operation", "code"])

REFUSED = Counter("requests_refused", "Requests rejected by a client's limits, by error code.", ["code"])
CIRCUIT_OPEN = Gauge(
    "provider_circuit_open",
    "Workers whose circuit for this provider is open after repeated failures.",
    ["provider", "operation"],
    multiprocess_mode="livesum",
)
# The old name of the same gauge; CHANGELOG says when it goes.
LEFT_ALONE = Gauge(
    "provider_left_alone",
    "Deprecated: use provider_circuit_open.",
    ["provider", "operation"],
    multiprocess_mode="livesum",
)


@contextmanager
def measured(provider: str, operation: str) -> Iterator[None]:
    """Time a call to a provider and count its failures."""
    with PROVIDER_SECONDS.labels(provider, operation).time():
        try:
            yield
        except GatewayError as error:
            PROVIDER_ERRORS.labels(provider, operation, error.code).inc()
            raise
