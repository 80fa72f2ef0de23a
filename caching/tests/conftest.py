from __future__ import annotations

from speechsite.tests.databases import database_url, postgres

__all__ = ["database_url", "postgres"]
