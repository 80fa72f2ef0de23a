"""Fill the ledger in SQLite by SQL alone. Rows depend on their number, so that two runs are equal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from caching.models import AuditEntry, Call, EntryHits, ErrorCount, HourlyUsage, Judgement, MinuteUsage

DAYS = 90
CLIENTS = 40
ENTRIES = 1_000_000
# Rows of one client and hour: hits, semantic hits and misses of chat, hits and misses of speech, now and then errors.
KINDS = 6
_DAY = 86_400
# Of entries that were hit, a day.
HIT_A_DAY = 15_000
REVIEWS = 50_000
AUDITED = 100_000

# Of a database that nobody else has: no journal, and a gigabyte of memory to sort indexes in.
_PRAGMAS = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",
    "PRAGMA cache_size=-1000000",
    "PRAGMA temp_store=MEMORY",
)

Columns = Mapping[str, str]


def fill(requests: int, now: float) -> None:
    """Fill an empty ledger with `requests` calls of DAYS, their totals, and what depends on them."""
    start, hour = int(now) - DAYS * _DAY, int(now) // 3600 * 3600
    with connection.cursor() as cursor:
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
    _insert(Call, requests, _call(start, DAYS * _DAY / requests))
    _insert(HourlyUsage, DAYS * 24 * CLIENTS * KINDS, {**_totals(), "hour": _hours_back(hour, 3600)})
    _insert(MinuteUsage, 180 * CLIENTS * KINDS, {**_totals(), "minute": _hours_back(int(now) // 60 * 60, 60)})
    _insert(EntryHits, DAYS * HIT_A_DAY, _entry_hits(now))
    _insert(ErrorCount, DAYS * 24 * 10, _errors(hour))
    _insert(Judgement, REVIEWS, _judgements(start))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _call(start: int, step: float) -> Columns:
    return {
        **_DIMENSIONS,
        "created": _moment(f"{start} + CAST(n * {step} AS integer)"),
        # Of ten calls seven are misses, two semantic hits and one a near miss.
        "outcome": "CASE n % 10 WHEN 3 THEN 'semantic' WHEN 6 THEN 'semantic' WHEN 9 THEN 'near' ELSE 'miss' END",
        "key": f"'llm:exact:' || {_hexadecimal(_scattered(ENTRIES))}",
        "question": f"'How do I change setting ' || {_scattered(ENTRIES)} || ' of my account?'",
        "matched": f"CASE WHEN n % 10 IN (3, 6, 9) THEN 'Change setting ' || {_scattered(ENTRIES)} ELSE '' END",
        "match": "CASE WHEN n % 10 IN (3, 6, 9) THEN CAST(n AS varchar(16)) ELSE '' END",
        "probability": "CASE WHEN n % 10 IN (3, 6) THEN 0.9 + (n * 7919 % 1001) / 10000.0"
        " WHEN n % 10 = 9 THEN 0.5 + (n * 7919 % 400) / 1000.0 END",
        "seconds": "0.2 + (n * 7919 % 900) / 1000.0",
        "cost": "CASE WHEN n % 10 IN (3, 6, 9) THEN 0 ELSE 2000000 + n % 1000000 END",
        "saved": "CASE WHEN n % 10 IN (3, 6) THEN 2000000 ELSE 0 END",
        "input_tokens": "400 + n % 100",
        "output_tokens": "60",
    }


def _scattered(most: int) -> str:
    """A number below `most` that is far from its neighbour's."""
    return f"(n * 48271 % {most})"


def _hexadecimal(number: str) -> str:
    return f"printf('%064x', {number})"


def _moment(epoch: str) -> str:
    return f"datetime({epoch}, 'unixepoch')"


def _day(epoch: str) -> str:
    return f"date({epoch}, 'unixepoch')"


def _hours_back(last: int, step: int) -> str:
    return _moment(f"{last} - (n / {CLIENTS * KINDS}) * {step}")


_CLIENT = f"(n / {KINDS} % {CLIENTS})"
_DIMENSIONS: Columns = {
    "cache_type": "'llm'",
    "level": f"CASE {_CLIENT} % 3 WHEN 0 THEN 'speed' WHEN 1 THEN 'balanced' ELSE 'quality' END",
    "provider": f"CASE {_CLIENT} % 2 WHEN 0 THEN 'openai' ELSE 'sarvam' END",
    "model": f"'model-' || {_CLIENT} % 4",
    "client": f"'client-' || {_CLIENT}",
    "currency": "'USD'",
}


def _totals() -> Columns:
    hits = "n % 6 IN (0, 1, 3)"
    return {
        **_DIMENSIONS,
        "cache_type": f"CASE WHEN n % {KINDS} IN (3, 4) THEN 'tts' ELSE 'llm' END",
        "outcome": f"CASE n % {KINDS} WHEN 0 THEN 'exact' WHEN 1 THEN 'semantic' WHEN 3 THEN 'exact'"
        " WHEN 5 THEN 'error' ELSE 'miss' END",
        "requests": "10 + n % 17",
        "cost": f"CASE WHEN {hits} THEN 0 ELSE 30000000 + n % 1000000 END",
        "saved": f"CASE WHEN {hits} THEN 30000000 + n % 1000000 ELSE 0 END",
        "seconds": f"CASE WHEN {hits} THEN 0.03 ELSE 9.0 END",
        "under_5_ms": f"CASE WHEN {hits} THEN 10 + n % 17 ELSE 0 END",
        "under_1000_ms": f"CASE WHEN {hits} THEN 0 ELSE 10 + n % 17 END",
        "input_tokens": "4000",
        "output_tokens": "600",
    }


def _entry_hits(now: float) -> Columns:
    # The same entries lead every day; after them come others.
    at = f"(n % {HIT_A_DAY})"
    number = f"CASE WHEN {at} < 5000 THEN {at} ELSE n * 31 % {ENTRIES - 5000} + 5000 END"
    return {
        "day": _day(f"{int(now)} - (n / {HIT_A_DAY}) * {_DAY}"),
        "key": f"'llm:exact:' || {_hexadecimal(number)}",
        "currency": "'USD'",
        "cache_type": "'llm'",
        "question": f"'How do I change setting ' || {number} || ' of my account?'",
        "hits": f"1 + 3000 / ({at} + 10)",
        "saved": f"2000000 * (1 + 3000 / ({at} + 10))",
    }


def _errors(hour: int) -> Columns:
    return {
        **{name: sql for name, sql in _DIMENSIONS.items() if name != "currency"},
        "minute": _moment(f"{hour} - n * 360"),
        "code": "CASE n % 2 WHEN 0 THEN 'provider_timeout' ELSE 'provider_rate_limited' END",
        "requests": "1 + n % 5",
    }


def _judgements(start: int) -> Columns:
    return {
        "created": _moment(f"{start} + n * {DAYS * _DAY // REVIEWS}"),
        "match": "CAST(n * 10 + 3 AS varchar(16))",
        "judge": "CASE n % 4 WHEN 0 THEN 'staff' ELSE 'model' END",
        "verdict": "CASE n % 50 WHEN 0 THEN 'wrong' ELSE 'right' END",
        "level": "CASE n % 2 WHEN 0 THEN 'balanced' ELSE 'speed' END",
        "probability": "0.9 + (n * 7919 % 1000) / 10000.0",
    }


def _insert(model: type[models.Model], rows: int, columns: Columns) -> None:
    """Insert `rows` rows; a column without an expression gets the default of its field."""
    began = time.perf_counter()
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    sql = ", ".join(columns.get(field.name) or _default(field) for field in fields)
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows - 1})"  # noqa: S608
    with connection.schema_editor() as schema:
        for index in model._meta.indexes:
            schema.remove_index(model, index)
    with connection.cursor() as cursor:
        # Nothing in it comes from outside of this file.
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) {numbers} SELECT {sql} FROM numbers")  # noqa: S608
    with connection.schema_editor() as schema:
        for index in model._meta.indexes:
            schema.add_index(model, index)
    print(f"{rows:12,} {model._meta.verbose_name_plural} in {time.perf_counter() - began:.0f} s", flush=True)


def _default(field: Any) -> str:
    if field.default is NOT_PROVIDED:
        return "NULL" if field.null else "''"
    value = field.get_db_prep_save(field.get_default(), connection)
    return "'[]'" if field.get_internal_type() == "JSONField" else repr(value)


def fill_audit(user: int, content_type: int, now: float) -> None:
    columns = {
        "action_time": _moment(f"{int(now)} - n * 60"),
        "user": str(user),
        "content_type": str(content_type),
        "object_id": "'client-' || n % 40",
        "object_repr": "'list of requests ' || n",
        "action_flag": "CASE n % 3 WHEN 0 THEN 5 ELSE 4 END",
    }
    _insert(AuditEntry, AUDITED, columns)


def now() -> float:
    return datetime.now(UTC).timestamp()
