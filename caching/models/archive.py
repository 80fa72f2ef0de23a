"""The audio archive's list of files."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone


class ArchivedAudioQuerySet(models.QuerySet["ArchivedAudio"]):
    def current(self) -> Self:
        return self.filter(expires__gt=timezone.now())

    def expired(self) -> Self:
        return self.filter(expires__lte=timezone.now())


class ArchivedAudio(models.Model):
    """One entry of the speech cache that is also kept in the archive. What has no row here is not read from there."""

    key = models.CharField(max_length=500, unique=True)
    file = models.CharField(max_length=100)
    client = models.CharField(max_length=100, db_index=True)
    level = models.CharField(max_length=10)
    bytes = models.PositiveIntegerField()
    # When the audio was made, not when it came here.
    made = models.DateTimeField()
    expires = models.DateTimeField(db_index=True)

    objects = ArchivedAudioQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "archived audio"

    def __str__(self) -> str:
        return self.key
