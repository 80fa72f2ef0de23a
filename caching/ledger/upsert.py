"""Rows that add up: insert, or add to what is there, in one statement that many workers may run at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models

Row = Mapping[str, Any]


def add(model: type[models.Model], rows: Iterable[Row], *, key: Sequence[str]) -> None:
    """Add every number in `rows` to the row with the same `key`; anything else is overwritten.

    Every row must name the same fields. SQLite (3.24 on) and PostgreSQL both take `ON CONFLICT … DO UPDATE`; Django's
    own `bulk_create(update_conflicts=True)` can only overwrite. The rows are sorted, so that two workers that hold
    some of the same rows never wait for each other in a circle.
    """
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in key])
    if not ordered:
        return
    fields = [_field(model, name) for name in ordered[0]]
    values = [[field.get_db_prep_save(row[field.name], connection) for field in fields] for row in ordered]
    with connection.cursor() as cursor:
        cursor.executemany(_statement(model, fields, key), values)


def _statement(model: type[models.Model], fields: Sequence[Any], key: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(field.column) for field in fields]
    changes = [_change(table, quote(field.column), field) for field in fields if field.name not in key]
    conflict = ", ".join(quote(_field(model, name).column) for name in key)
    # Names of our own tables and columns, quoted; every value is a parameter.
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))}) "  # noqa: S608
        f"ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(changes)}"
    )


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _change(table: str, column: str, field: Any) -> str:
    if isinstance(field, models.IntegerField | models.FloatField):
        return f"{column} = {table}.{column} + excluded.{column}"
    return f"{column} = excluded.{column}"
