from __future__ import annotations

import uuid

from django.db import models


class Installation(models.Model):
    """The random identity of this database: one row, which a copy of the database has too."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    identity = models.UUIDField(default=uuid.uuid4, editable=False)

    def __str__(self) -> str:
        return str(self.identity)
