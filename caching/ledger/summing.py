"""Sums of past days, made in the background, and the rows that a period is read from.

Days that are not summed yet are read by the hour, so figures never depend on what was summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from caching.background import PeriodicWorker
from caching.models import HourlyUsage, SummedDay, SummedUsage

DAY = timedelta(days=1)
# After its end a day is summed: what is written later deletes its sums.
MARGIN = timedelta(minutes=10)
EVERY_SECONDS = 600.0
# Of a filter that the sums by hour do not have.
DETAILS = frozenset({"client", "model", "level"})
_FIGURES = [f.name for f in HourlyUsage._meta.local_fields if f.name not in ("id", *HourlyUsage.KEY)]
_BATCH = 500


def rows(first: datetime, end: datetime, conditions: Mapping[str, str], *, hours: bool = False) -> list[QuerySet[Any]]:
    """Return the rows of a period of whole hours; with `hours` each begins at its hour, else some are of whole days.

    Each query set has other rows of the period.
    """
    worker.start()
    if hours and not DETAILS.isdisjoint(conditions):
        return [_hourly(first, end, conditions)]
    summed = dict(SummedDay.objects.filter(day__gte=first, day__lte=end - DAY).values_list("day", "pk"))
    found: list[QuerySet[Any]] = [_hourly(*gap, conditions) for gap in _gaps(first, end, sorted(summed))]
    if summed:
        span = SummedUsage.Span.HOUR if hours else SummedUsage.Span.DAY
        of_days = SummedUsage.objects.filter(summed__in=summed.values(), span=span, **conditions)
        found.append(of_days.order_by())
    return found


def sum_days() -> int:
    """Sum the past days that are not summed, latest first. Return their number."""
    oldest = HourlyUsage.objects.aggregate(oldest=Min("hour"))["oldest"]
    if oldest is None:
        return 0
    day = start_of_day(timezone.now() - MARGIN) - DAY
    known = set(SummedDay.objects.values_list("day", flat=True))
    number = 0
    while day + DAY > oldest and not worker.stopping:
        if day not in known:
            number += _sum(day)
        day -= DAY
    return number


def hours_changed(hours: Iterable[datetime]) -> None:
    """Delete the sums of days with one of these hours. Call it in the transaction that changes them."""
    today = start_of_day(timezone.now())
    if past := {start_of_day(hour) for hour in hours if hour < today}:
        SummedDay.objects.filter(day__in=past).delete()


def client_changed(client: str) -> None:
    """Delete the sums of days on which `client` made a request."""
    SummedDay.objects.filter(pk__in=SummedUsage.objects.filter(client=client).values("summed")).delete()


def start_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _sum(day: datetime) -> int:
    hourly = _hourly(day, day + DAY, {})
    sums = {f"sum_{name}": Sum(name) for name in _FIGURES}
    try:
        with transaction.atomic():
            summed = SummedDay.objects.create(day=day)
            for span, dimensions in SummedUsage.DIMENSIONS.items():
                found = hourly.values(*dimensions).annotate(**sums)
                named = ({name.removeprefix("sum_"): value for name, value in row.items()} for row in found)
                begun = ({"hour": day, **row} for row in named)
                SummedUsage.objects.bulk_create(
                    [SummedUsage(summed=summed, span=span, **row) for row in begun], batch_size=_BATCH
                )
    except IntegrityError:
        # Another process has just summed it.
        return 0
    return 1


def _gaps(first: datetime, end: datetime, days: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts of a period between these days."""
    for day in days:
        if first < day:
            yield first, day
        first = day + DAY
    if first < end:
        yield first, end


def _hourly(first: datetime, end: datetime, conditions: Mapping[str, str]) -> QuerySet[HourlyUsage]:
    return HourlyUsage.objects.filter(hour__gte=first, hour__lt=end, **conditions).order_by()


worker = PeriodicWorker("usage sums", sum_days, EVERY_SECONDS, at_once=True)
