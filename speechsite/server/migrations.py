"""Migrations that `manage.py serve` applies or demands before it starts."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import Error, connection

from caching.database import NotMigrated, require_migrations

# Any number will do that no other application locks in this database.
_LOCK = 7_041_776


def migrate() -> None:
    """Apply missing migrations; of several processes that start at once, one after the other."""
    with _lock():
        call_command("migrate", verbosity=0)


def demand() -> None:
    """Raise CommandError if migrations are missing. A database that does not answer may do so later."""
    try:
        require_migrations()
    except NotMigrated as error:
        raise CommandError(f"{error} Run `manage.py migrate` first.") from error
    except Error:
        return


@contextmanager
def _lock() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        return
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
