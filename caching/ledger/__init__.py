"""What every request cost and saved: priced once, counted once, for the client, for Prometheus and for the books."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from caching import metrics
from caching.ledger import rows, writer
from caching.ledger.batch import Batch
from caching.ledger.events import Costs, Event, price
from caching.models import HITS, REQUESTS
from caching.usage import UNITS, Usage

__all__ = ["Costs", "Event", "Usage", "record"]


def record(event: Event) -> Costs:
    """Count `event`, in the ledger and in Prometheus. Where money was spent, it is in the database on return.

    Never raises because of the database: what cannot be written now is kept and written when it is back.
    """
    priced = price(event, timezone.now())
    batch = Batch()
    for row in rows.hours(priced):
        batch.hours.add(row)
        _count(event, row)
    if event.is_hit and event.key:
        batch.entries.add(rows.entry_hit(priced))
    if event.is_spend or event.outcome in ("semantic", "shadow"):
        batch.calls.append(rows.call(priced))
    (writer.writer.now if event.is_spend else writer.writer.later)(batch)
    return priced.costs


def _count(event: Event, row: dict[str, Any]) -> None:
    labels = (event.cache_type, row["provider"])
    if row["outcome"] in REQUESTS:
        metrics.REQUESTS.labels(event.cache_type, row["outcome"]).inc(row["requests"])
    metrics.UNPRICED.labels(*labels).inc(row["unpriced"])
    units = metrics.SERVED if row["outcome"] in HITS else metrics.BILLED
    for unit in UNITS:
        if row[unit]:
            units.labels(*labels, unit).inc(float(row[unit]))
    if row["currency"]:
        metrics.COST.labels(*labels, row["currency"]).inc(float(row["cost"]))
        metrics.SAVED.labels(*labels, row["currency"]).inc(float(row["saved"] + row["overhead"]))
        metrics.OVERHEAD.labels(*labels, row["currency"]).inc(float(row["overhead"]))
