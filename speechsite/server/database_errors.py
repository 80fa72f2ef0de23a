"""Errors of the database in the words of an operator, for commands that cannot go on without it."""

from __future__ import annotations

from django.db import Error

from caching.database import NotMigrated, require_migrations, why_no_connection

# Of PostgreSQL and SQLite, where a table or a column is missing.
_MISSING = ("does not exist", "no such table", "no such column", "has no column named")


def explain(error: Error) -> str:
    """Return a sentence that says what to mend. libpq's messages name host, port and user, never the password."""
    if reason := why_no_connection():
        return f"Cannot connect to the database, see DATABASE_URL: {reason}"
    if any(sign in str(error) for sign in _MISSING):
        try:
            require_migrations()
        except NotMigrated as missing:
            return f"{missing} Run `manage.py migrate` first."
    told = " ".join(str(error).split())
    return f"The database of DATABASE_URL refuses: {told} (--traceback shows where)"
