from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from caching.models import HourlyUsage


def insert_hours(rows: Iterable[dict[str, Any]], **common: Any) -> None:
    """Insert tens of thousands of rows without an instance for each, which would take most of a test's time."""
    fields = {field.name: field for field in HourlyUsage._meta.concrete_fields if not field.primary_key}
    plain = HourlyUsage(**common)
    values = {name: field.get_db_prep_save(getattr(plain, name), connection) for name, field in fields.items()}
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields.values())
    places = ", ".join("%s" for _ in fields)
    statement = f"INSERT INTO {HourlyUsage._meta.db_table} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        for row in rows:
            given = {name: fields[name].get_db_prep_save(value, connection) for name, value in row.items()}
            cursor.execute(statement, list({**values, **given}.values()))
