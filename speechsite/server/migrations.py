"""Migrations that `manage.py serve` applies or demands before it starts."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError
from django.db import DEFAULT_DB_ALIAS, Error, connections

from caching.database import NotMigrated, require_migrations

# Any number will do that no other application locks in this database.
_LOCK = 7_041_776
# For this transaction: it waits for the lock, and is idle while it holds it. PostgreSQL 17 has `transaction_timeout`.
_WITHOUT_TIMEOUTS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
"""


def demand() -> None:
    """Raise CommandError if migrations are missing. A database that does not answer may do so later."""
    try:
        require_migrations()
    except NotMigrated as error:
        raise CommandError(f"{error} Run `manage.py migrate` first.") from error
    except Error:
        return


@contextmanager
def one_at_a_time(alias: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Wait for other processes that prepare the same database; they start at once on several machines."""
    if connections[alias].vendor == "postgresql":
        # A transaction on a connection of its own: behind pgbouncer a session is shared with others.
        holder = connections[alias].copy()
        holder.settings_dict["OPTIONS"].pop("pool", None)
        try:
            holder.set_autocommit(False)
            with holder.cursor() as cursor:
                cursor.execute(_WITHOUT_TIMEOUTS)
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            yield
        finally:
            holder.close()
        return
    with (settings.VAR_DIR / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
