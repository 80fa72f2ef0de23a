"""Rows written to the database in one statement, planned once: Django's own way takes longer than the database.

Rows that add up are inserted or added to what is there, in a statement that many workers may run at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
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
    fields, statement = _plan(model, tuple(ordered[0]), tuple(key))
    values = [[field.get_db_prep_save(row[field.name], connection) for field in fields] for row in ordered]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def insert(made: Sequence[models.Model]) -> None:
    """Add new rows, all of one model, as `bulk_create` does."""
    if not made:
        return
    names = tuple(field.name for field in made[0]._meta.concrete_fields if not field.primary_key)
    fields, statement = _plan(type(made[0]), names, ())
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in made]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


@cache
def _plan(model: type[models.Model], names: tuple[str, ...], key: tuple[str, ...]) -> tuple[list[Any], str]:
    """The fields and the statement that writes them; without a key it can only insert."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(field.column) for field in fields]
    # Names of our own tables and columns, quoted; every value is a parameter.
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608
    if key:
        conflict = ", ".join(quote(field.column) for field in fields if field.name in key)
        changes = [_change(table, quote(field.column), field) for field in fields if field.name not in key]
        statement += f" ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(changes)}"
    return fields, statement


def _change(table: str, column: str, field: Any) -> str:
    if isinstance(field, models.IntegerField | models.FloatField):
        return f"{column} = {table}.{column} + excluded.{column}"
    return f"{column} = excluded.{column}"
