"""Alerts, and what one of all workers does at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone


class AlertQuerySet(models.QuerySet["Alert"]):
    def settle(self, condition: str, found: Mapping[str, str]) -> None:
        """Open an alert for each subject in `found`, which has their messages, and end those of other subjects."""
        active = self.filter(condition=condition, ended=None)
        active.exclude(subject__in=found).update(ended=timezone.now())
        for subject, message in found.items():
            # Two workers may find the same: the constraint admits one row.
            new = Alert(condition=condition, subject=subject[:200], message=message[:500])
            Alert.objects.bulk_create([new], ignore_conflicts=True)

    def untold(self) -> Self:
        return self.filter(models.Q(told=False) | models.Q(ended__isnull=False, end_told=False))

    def mark_told(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            self.filter(pk=alert.pk).update(told=True, end_told=alert.ended is not None)


class Alert(models.Model):
    """An event that staff are told of when it begins and when it ends."""

    condition = models.CharField(max_length=50)
    subject = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=500)
    began = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True, db_index=True)
    told = models.BooleanField(default=False)
    end_told = models.BooleanField(default=False)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["began", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["condition", "subject"], condition=models.Q(ended=None), name="one_alert_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.condition} {self.subject}: {self.message}"

    @property
    def news(self) -> str:
        return "Alert" if self.ended is None else "Resolved"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def claim(self, name: str, following: datetime, *, first: datetime | None = None) -> bool:
        """Return True for one worker if `name` is due, and set when it is due next; first now, or at `first`."""
        now = timezone.now()
        self.get_or_create(name=name, defaults={"due": first or now})
        return self.filter(name=name, due__lte=now).update(due=following) == 1


class Schedule(models.Model):
    name = models.CharField(max_length=50, primary_key=True)
    due = models.DateTimeField()

    objects = ScheduleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}: {self.due:%Y-%m-%d %H:%M}"
