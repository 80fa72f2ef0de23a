"""Sums of past days, from which long periods are read: the hours of a month are too many rows for a page."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from caching.models.ledger import DIMENSIONS, UsageTotals


class SummedDay(models.Model):
    """A day (UTC) whose hours are in SummedUsage. Stale from a change of an hour until it is summed again."""

    day = models.DateTimeField(unique=True)
    is_stale = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class SummedUsage(UsageTotals):
    """Totals of HourlyUsage: of a whole day with all dimensions, or of an hour without client, model and level."""

    class Span(models.TextChoices):
        DAY = "day"
        HOUR = "hour"

    DIMENSIONS: ClassVar = {
        Span.DAY: DIMENSIONS,
        Span.HOUR: ("hour", "cache_type", "outcome", "provider", "currency"),
    }

    summed = models.ForeignKey(SummedDay, on_delete=models.CASCADE, db_index=False)
    span = models.CharField(max_length=4, choices=Span)
    # Start of the day or hour.
    hour = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["summed", "span"], name="summed_usage_day_span")]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.span} {self.hour:%Y-%m-%d %H:00} {self.cache_type} {self.outcome}: {self.requests}"
