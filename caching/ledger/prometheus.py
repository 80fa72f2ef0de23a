"""Counters of Prometheus, fed with rows of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caching import metrics
from caching.models import HITS, REQUESTS
from caching.pricing.usage import UNITS


def expose(row: Mapping[str, Any]) -> None:
    """Add a row to the counters; those without an amount are created too, so that they are visible."""
    labels = (row["cache_type"], row["provider"])
    if row["outcome"] in REQUESTS:
        metrics.REQUESTS.labels(row["cache_type"], row["outcome"]).inc(row["requests"])
    metrics.UNPRICED.labels(*labels).inc(row["unpriced"])
    units = metrics.SERVED if row["outcome"] in HITS else metrics.BILLED
    for unit in UNITS:
        if row[unit]:
            units.labels(*labels, unit).inc(float(row[unit]))
    if row["currency"]:
        metrics.COST.labels(*labels, row["currency"]).inc(float(row["cost"]))
        metrics.SAVED.labels(*labels, row["currency"]).inc(float(row["saved"] + row["overhead"]))
        metrics.OVERHEAD.labels(*labels, row["currency"]).inc(float(row["overhead"]))
