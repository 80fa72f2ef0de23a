from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from speech.exceptions import GatewayError

PROVIDER_SECONDS = Histogram(
    "provider_request_duration_seconds",
    "How long a provider took to answer in full.",
    ["provider", "operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
PROVIDER_ERRORS = Counter("provider_errors", "Calls that gave no usable answer.", ["provider", "operation", "code"])

REFUSED = Counter("requests_refused", "Requests beyond a client's limits, by the code of the error.", ["code"])
LEFT_ALONE = Gauge(
    "provider_left_alone",
    "How many workers leave a provider alone because it keeps failing.",
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
