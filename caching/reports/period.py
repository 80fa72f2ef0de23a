"""The time that a report is about, and its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from caching.reports.aggregates import Figures

# Up to so long a period is grouped by hour, longer ones by day. The period before two days has a part of an hour more.
HOURLY_UP_TO = timedelta(hours=49)
# An earlier period of which less has figures is no comparison.
LEAST_COVERAGE = 0.2


@dataclass(frozen=True, slots=True)
class Period:
    start: datetime
    end: datetime
    # From the rows by minute, which exist for MinuteUsage.KEPT_FOR.
    by_minute: bool = False
    # From midnight to midnight of the current time zone. Where that is amid an hour of UTC, an hour belongs to the day
    # in which it begins.
    of_days: bool = False

    @classmethod
    def last(cls, duration: timedelta, *, by_minute: bool = False) -> Period:
        now = timezone.now()
        return cls(now - duration, now, by_minute)

    @property
    def before(self) -> Period:
        """The preceding period of the same length, or of as many days of the calendar; they share no full hour."""
        if self.of_days:
            day = _local_date(self.start) - timedelta(days=self.calendar_days)
            midnight = datetime.combine(day, time(), timezone.get_current_timezone())
            return Period(midnight.astimezone(UTC), self.start, of_days=True)
        return Period(self.first - (self.end - self.first), self.first, self.by_minute)

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return (self.end - self.start) / timedelta(days=1)

    @property
    def calendar_days(self) -> int:
        """Number of midnights from the start to the end, without the first: a day may have 23 or 25 hours."""
        return (_local_date(self.end) - _local_date(self.start)).days

    @property
    def step(self) -> timedelta:
        """Length of a group of figures: a minute, an hour or a day."""
        if self.by_minute:
            return timedelta(minutes=1)
        return timedelta(hours=1) if self.end - self.start <= HOURLY_UP_TO else timedelta(days=1)

    @property
    def first(self) -> datetime:
        """Start of the first minute or hour that is counted."""
        if self.by_minute:
            return self.start.replace(second=0, microsecond=0)
        return _next_full_hour(self.start) if self.of_days else full_hour(self.start)

    @property
    def until(self) -> datetime:
        """End of the last minute or hour that is counted."""
        return _next_full_hour(self.end) if self.of_days else self.end

    def is_covered(self, series: Sequence[tuple[datetime, Figures]]) -> bool:
        """Return True if there are figures for at least LEAST_COVERAGE of the period, counted back from its end."""
        first = next((moment for moment, figures in series if any(figures.requests.values())), None)
        # Nobody knows when within its first step they begin.
        return first is not None and self.end - first - self.step >= LEAST_COVERAGE * (self.end - self.start)

    def utc_offsets(self) -> list[tuple[datetime, timedelta]]:
        """Return the distances of the current time zone from UTC, each with the moment of the period that ends it."""
        found: list[tuple[datetime, timedelta]] = []
        hour = self.first
        while hour < self.end:
            offset = _utc_offset(hour)
            # Day by day, and by the hour on a day with a change.
            is_same = _utc_offset(hour + timedelta(days=1)) == offset
            hour = min(hour + (timedelta(days=1) if is_same else timedelta(hours=1)), self.end)
            if found and found[-1][1] == offset:
                found.pop()
            found.append((hour, offset))
        return found

    def steps(self) -> Iterator[datetime]:
        """Start of each minute, hour or day of the period."""
        moment = self.first
        if self.step >= timedelta(days=1):
            # The clock on the wall: a day may have 23 or 25 hours.
            moment = timezone.localtime(moment).replace(hour=0, minute=0)
        while moment < self.end:
            yield moment
            moment += self.step


def _local_date(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _utc_offset(moment: datetime) -> timedelta:
    return timezone.localtime(moment).utcoffset() or timedelta(0)


def full_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _next_full_hour(moment: datetime) -> datetime:
    return full_hour(moment + timedelta(hours=1) - timedelta.resolution)
