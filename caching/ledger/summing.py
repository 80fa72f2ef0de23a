"""Sums of past days, made in the background, and the rows that a period is read from.

Days that are not summed yet are read by the hour, so figures never depend on what was summed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, QuerySet, Sum
from django.utils import timezone

from caching.background import PeriodicWorker
from caching.models import HourlyUsage, SummedDay, SummedUsage

# Before every row.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# A day is summed so long after its end, when hardly anything is written to it any more.
MARGIN = timedelta(minutes=10)
EVERY_SECONDS = 600.0
# Dimensions that the sums by hour lack.
DETAILS = frozenset({"client", "model", "level"})
_FIGURES = [f.name for f in HourlyUsage._meta.local_fields if f.name not in ("id", *HourlyUsage.KEY)]
_BATCH = 500


def rows(first: datetime, end: datetime, conditions: Mapping[str, str], *, hours: bool = False) -> list[QuerySet[Any]]:
    """Return query sets that together hold a period of whole hours: totals of single hours, and of whole days (UTC).

    With `hours`, all are of single hours.
    """
    worker.start()
    if hours and not DETAILS.isdisjoint(conditions):
        return [_hourly(first, end, conditions)]
    # A day that is summed again keeps its key: whenever these query sets are read, no day is missing.
    current = SummedDay.objects.filter(day__gte=first, day__lte=end - DAY, is_stale=False)
    summed = dict(current.values_list("day", "pk"))
    found: list[QuerySet[Any]] = [_hourly(*gap, conditions) for gap in _gaps(first, end, sorted(summed))]
    if summed:
        span = SummedUsage.Span.HOUR if hours else SummedUsage.Span.DAY
        found.append(SummedUsage.objects.filter(summed__in=summed.values(), span=span, **conditions))
    return found


def sum_days() -> int:
    """Sum the past days that are stale or were never summed, latest first. Return their number."""
    oldest = HourlyUsage.objects.aggregate(oldest=Min("hour"))["oldest"]
    if oldest is None:
        return 0
    latest = start_of_day(timezone.now() - MARGIN) - DAY
    past = {latest - number * DAY for number in range((latest - start_of_day(oldest)).days + 1)}
    missing = past.difference(SummedDay.objects.values_list("day", flat=True))
    # A day that another process has summed meanwhile stays summed.
    SummedDay.objects.bulk_create([SummedDay(day=day, is_stale=True) for day in sorted(missing)], ignore_conflicts=True)
    stale = SummedDay.objects.filter(is_stale=True, day__lte=latest).order_by("-day")
    return sum(_sum(day) for day in stale if not worker.stopping)


def hours_changed(hours: Iterable[datetime]) -> None:
    """Mark the days of these hours stale. Call it in the transaction that changes them, after the change."""
    _mark_stale(past_days(hours))


def past_days(hours: Iterable[datetime]) -> set[datetime]:
    """Return the days of these hours that are over, and so may be summed already."""
    today = start_of_day(timezone.now())
    return {start_of_day(hour) for hour in hours if hour < today}


def client_unnamed(client: str, hours: Iterable[datetime]) -> None:
    """Mark the days of these hours stale and clear the name of `client` in all sums. Call it like `hours_changed`."""
    hours_changed(hours)
    SummedUsage.objects.filter(client=client).update(client="")


def start_of_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _mark_stale(days: Iterable[datetime]) -> None:
    """Mark these days to be summed again.

    Waits for a transaction that sums one of them; a sum that would begin waits for this transaction.
    """
    SummedDay.objects.bulk_create(
        [SummedDay(day=day, is_stale=True) for day in sorted(days)],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["is_stale"],
    )


def _sum(summed: SummedDay) -> int:
    """Sum a stale day. Return 1, or 0 if another process has just done it."""
    hourly = _hourly(summed.day, summed.day + DAY, {})
    sums = {f"sum_{name}": Sum(name) for name in _FIGURES}
    with transaction.atomic():
        if not SummedDay.objects.filter(pk=summed.pk, is_stale=True).update(is_stale=False):
            return 0
        SummedUsage.objects.filter(summed=summed).delete()
        for span, dimensions in SummedUsage.DIMENSIONS.items():
            found = hourly.values(*dimensions).annotate(**sums)
            named = ({name.removeprefix("sum_"): value for name, value in row.items()} for row in found)
            begun = ({"hour": summed.day, **row} for row in named)
            SummedUsage.objects.bulk_create(
                [SummedUsage(summed=summed, span=span, **row) for row in begun], batch_size=_BATCH
            )
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
