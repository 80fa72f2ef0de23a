from __future__ import annotations

from speechsite.tests.databases import database_url, migrated_sqlite, postgres, postgres_url, sqlite_url

__all__ = ["database_url", "migrated_sqlite", "postgres", "postgres_url", "sqlite_url"]
