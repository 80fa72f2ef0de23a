"""Ledger: prices each request once, and records it in the database and in Prometheus."""

from __future__ import annotations

from django.utils import timezone

from caching import tracing
from caching.ledger import recent, rows, writer
from caching.ledger.batch import Batch
from caching.ledger.events import Costs, Event, ExactHit, price
from caching.ledger.prometheus import expose
from caching.ledger.spending import spending
from caching.ledger.trace_facts import facts_of
from caching.policy import CacheType
from caching.pricing import prices
from caching.pricing.usage import Usage

__all__ = ["Costs", "Event", "ExactHit", "Usage", "record", "record_hit", "record_overhead"]


def record(event: Event) -> Costs:
    """Record `event` in ledger, metrics and trace. If money was spent, the hour's sum is in the database on return.

    Never raises because of the database: rows wait in memory until it is back.
    """
    priced = price(event, timezone.now())
    if event.listed:
        recent.recorder.add(priced)
    if tracing.is_on() and event.outcome not in ("shadow", "judged", "near"):
        tracing.note_request(**facts_of(priced))
    batch = Batch()
    for row in rows.hours(priced):
        batch.add_usage(row)
        expose(row)
    if event.outcome == "error":
        batch.errors.add(rows.error(priced))
    if event.is_hit and event.key:
        batch.entries.add(rows.entry_hit(priced))
    if event.is_spend or event.outcome in ("semantic", "shadow", "near"):
        batch.calls.append(rows.call(priced))
    if event.is_spend and event.outcome != "judged":
        spending.add(event.client, priced.costs.cost)
    (writer.writer.now if event.is_spend else writer.writer.later)(batch)
    return priced.costs


def record_hit(hit: ExactHit, seconds: float) -> Costs:
    """Record an exact hit, of which there are hundreds a second: equal ones are priced once a second and added up."""
    priced = writer.writer.hit(hit, seconds)
    if hit.listed:
        recent.recorder.add_hit(priced, seconds)
    if tracing.is_on():
        tracing.note_request(**facts_of(priced))
    return priced.costs


def record_overhead(cache_type: CacheType, provider: str, model: str, usage: Usage) -> None:
    """Record what the cache itself was billed outside of any request; written within a second."""
    spent = prices.cost(provider, model, usage)
    event = Event(cache_type, "miss", usage, provider=provider, model=model, overhead=spent)
    row = rows.overhead(price(event, timezone.now()))
    batch = Batch()
    batch.add_usage(row)
    expose(row)
    writer.writer.later(batch)
