from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from speechsite.server.migrations import one_at_a_time


class Command(migrate.Command):
    """Django's, for machines that start at once: one migrates after the other."""

    def handle(self, *args: Any, **options: Any) -> None:
        with one_at_a_time(options["database"]):
            super().handle(*args, **options)
