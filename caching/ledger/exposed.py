"""A row of the ledger as Prometheus hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import Counter

from caching import metrics
from caching.models import HITS, REQUESTS
from caching.usage import UNITS

Increment = tuple[Counter, float]


def increments(row: Mapping[str, Any]) -> Iterator[Increment]:
    """The counters that `row` adds to. Those without an amount are named too: a counter must exist to be seen."""
    labels = (row["cache_type"], row["provider"])
    if row["outcome"] in REQUESTS:
        yield metrics.REQUESTS.labels(row["cache_type"], row["outcome"]), row["requests"]
    yield metrics.UNPRICED.labels(*labels), row["unpriced"]
    units = metrics.SERVED if row["outcome"] in HITS else metrics.BILLED
    for unit in UNITS:
        if row[unit]:
            yield units.labels(*labels, unit), float(row[unit])
    if row["currency"]:
        yield metrics.COST.labels(*labels, row["currency"]), float(row["cost"])
        yield metrics.SAVED.labels(*labels, row["currency"]), float(row["saved"] + row["overhead"])
        yield metrics.OVERHEAD.labels(*labels, row["currency"]), float(row["overhead"])


def expose(row: Mapping[str, Any]) -> None:
    for counter, amount in increments(row):
        counter.inc(amount)
