"""Bulk inserts and upserts planned once; Django's own way takes longer than the database.

Upserts add to existing rows in one statement, so many workers may run them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from caching.fields import NanoDecimalField

# Values of the fields' own types by field name.
Row = Mapping[str, Any]

_TAKEN_AS_IT_IS = (models.CharField, models.FloatField, models.IntegerField)


class Statement(NamedTuple):
    sql: str
    rows: list[list[Any]]


class _Plan(NamedTuple):
    # Each field with the function that prepares its value, if one is needed.
    columns: list[tuple[str, Callable[[Any], Any] | None]]
    sql: str


def adding(model: type[models.Model], rows: Iterable[Row], *, key: Sequence[str]) -> Statement:
    """Return the statement that adds the numbers in `rows` to the rows with equal `key`, and overwrites the rest.

    Every row must name the same fields. SQLite (3.24 on) and PostgreSQL both take `ON CONFLICT … DO UPDATE`; Django's
    `bulk_create(update_conflicts=True)` can only overwrite. Rows are sorted, so that two workers never deadlock.
    """
    return _statement(model, sorted(rows, key=lambda row: [str(row[name]) for name in key]), tuple(key))


def inserting(model: type[models.Model], rows: Sequence[Row]) -> Statement:
    """Return the statement that inserts `rows`. Every row must name the same fields."""
    return _statement(model, rows, ())


def run(statements: Iterable[Statement]) -> None:
    """Run the statements without computing in between: other workers wait for the first one's lock.

    By the driver's own cursor: Django's for SQLite rewrites every placeholder of a statement each time, which takes as
    long as to run it.
    """
    # Not by the proxy, which looks for the thread's connection at each use.
    mine = connections[DEFAULT_DB_ALIAS]
    mine.ensure_connection()
    with mine.wrap_database_errors, closing(mine.connection.cursor()) as cursor:
        for sql, rows in statements:
            if rows:
                cursor.executemany(sql, rows)


def _statement(model: type[models.Model], rows: Sequence[Row], key: tuple[str, ...]) -> Statement:
    if not rows:
        return Statement("", [])
    columns, sql = _plan(model, tuple(rows[0]), key)
    return Statement(sql, [[prepare(row[name]) if prepare else row[name] for name, prepare in columns] for row in rows])


@cache
def _plan(model: type[models.Model], names: tuple[str, ...], key: tuple[str, ...]) -> _Plan:
    """Return the SQL for rows with these fields; without a key it is an insert."""
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(field.column) for field in fields]
    placeholder = "?" if connection.vendor == "sqlite" else "%s"
    # Names of our own tables and columns, quoted; every value is a parameter.
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([placeholder] * len(columns))})"  # noqa: S608
    if key:
        conflict = ", ".join(quote(field.column) for field in fields if field.name in key)
        changes = [_change(table, quote(field.column), field) for field in fields if field.name not in key]
        sql += f" ON CONFLICT ({conflict}) DO UPDATE SET {', '.join(changes)}"
    return _Plan([(field.name, _preparation(field, key)) for field in fields], sql)


def _preparation(field: Any, key: tuple[str, ...]) -> Callable[[Any], Any] | None:
    if isinstance(field, NanoDecimalField):
        return field.get_prep_value
    if isinstance(field, _TAKEN_AS_IT_IS):
        return None
    if isinstance(field, models.DateTimeField):
        # Hours and minutes are written again and again; the moment of a call is not.
        return _adapted_before if field.name in key else _adapted
    # `connection` is the proxy: a plan is shared by threads.
    return partial(field.get_db_prep_save, connection=connection)


def _adapted(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


_adapted_before = lru_cache(64)(_adapted)


def _change(table: str, column: str, field: Any) -> str:
    if isinstance(field, models.IntegerField | models.FloatField):
        return f"{column} = {table}.{column} + excluded.{column}"
    return f"{column} = excluded.{column}"
