"""Erase all data of a client from Redis and the database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

from caching import keys
from caching.ledger import recent_stream, summing, upsert
from caching.llm import curated
from caching.maintenance import flush
from caching.maintenance.selection import Selection
from caching.models import (
    CacheRule,
    Call,
    CuratedAnswer,
    EntryHits,
    ErrorCount,
    HourlyUsage,
    Judgement,
    MinuteUsage,
    ScopeThreshold,
    Verdict,
)
from caching.redis import commands, scan, store
from caching.semantic.replication import erase_events

BATCH = 500
# How long to wait for readers of SQLite's write-ahead log.
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Traces:
    # Answers, questions, audio and transcripts in Redis.
    entries: int
    # Audio in the archive.
    archived: int
    # Events in `llm:query_index`.
    events: int
    calls: int
    # Hit rows of its entries.
    hits: int
    # Reviews of its answers. A "wrong" is kept without name and texts, because other clients may share the pair.
    reviews: int
    # Answers that staff wrote for it alone.
    curated: int
    # Cache rules for it alone.
    rules: int
    # Hourly totals, which are kept anonymously because they add up to the bill.
    sums: int


def count(client: str) -> Traces:
    return _count(client, _entries(client))


def _count(client: str, names: set[str]) -> Traces:
    calls = Call.objects.filter(client=client)
    return Traces(
        entries=len(names),
        archived=Selection(client=client).archived().count(),
        events=erase_events(by=client, dry_run=True),
        calls=calls.count(),
        hits=sum(EntryHits.objects.filter(key__in=some).count() for some in _batches(names | _counted(client))),
        reviews=Judgement.objects.filter(client=client).count(),
        curated=CuratedAnswer.objects.of(client).count(),
        rules=CacheRule.objects.filter(client=client).count(),
        sums=HourlyUsage.objects.filter(client=client).count(),
    )


def forget(client: str, holder: str) -> Traces:
    """Delete all data of a client and return the counts. `holder` is its name in Redis counters.

    Raises FilesUnavailable or RedisFailed if files of the audio archive or entries in Redis cannot be deleted now.
    """
    with store.must_succeed():
        entries = _entries(client)
        traces = _count(client, entries)
        names = entries | _counted(client)
        for _ in flush.flush(Selection(client=client)):
            pass
        _erase_counters(holder)
        recent_stream.erase(client)
    with transaction.atomic():
        for some in _batches(names):
            EntryHits.objects.filter(key__in=some).delete()
        Call.objects.filter(client=client).delete()
        CuratedAnswer.objects.of(client).delete()
        CacheRule.objects.filter(client=client).delete()
        judged = Judgement.objects.filter(client=client)
        judged.filter(verdict=Verdict.RIGHT).delete()
        judged.update(client="", key="", question="", matched="", comment="")
        ScopeThreshold.objects.filter(client=client).update(client="", example="")
        _unname_sums(client)
    return traces


def clear_write_ahead_log() -> bool:
    """Write SQLite's WAL into its file and empty it; what is deleted is overwritten there. True if none is left.

    PostgreSQL keeps deleted rows until its vacuum, and its own log as long as it is configured to.
    """
    if connection.vendor != "sqlite":
        return True
    deadline = time.monotonic() + CHECKPOINT_SECONDS
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                is_busy, *_ = cursor.fetchone()
        except OperationalError:
            is_busy = True
        if not is_busy or time.monotonic() > deadline:
            return not is_busy
        time.sleep(0.1)


def _entries(client: str) -> set[str]:
    selection = Selection(client=client)
    return {name for names in scan.scan_all() for name in selection.of(names)}


def _counted(client: str) -> set[str]:
    """Return the keys of entries written by its calls, including expired ones, and of its curated answers."""
    called = Call.objects.filter(client=client).exclude(key="").values_list("key", flat=True)
    return {*called, *map(curated.key_of, CuratedAnswer.objects.of(client))}


def _batches(names: set[str]) -> Iterator[list[str]]:
    ordered = sorted(names)
    return (ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH))


def _unname_sums(client: str) -> None:
    hours = list(HourlyUsage.objects.filter(client=client).values_list("hour", flat=True).distinct())
    tables: list[tuple[Any, tuple[str, ...]]] = [
        (HourlyUsage, HourlyUsage.KEY),
        (MinuteUsage, MinuteUsage.KEY),
        (ErrorCount, ErrorCount.KEY),
    ]
    for table, key in tables:
        mine = table.objects.filter(client=client)
        fields = [field.name for field in table._meta.concrete_fields if field.name != "id"]
        rows: list[dict[str, Any]] = [{**row, "client": ""} for row in mine.values(*fields)]
        upsert.run([upsert.adding(table, rows, key=key)])
        mine.delete()
    summing.client_unnamed(client, hours)


@store.fail_open(None)
def _erase_counters(holder: str) -> None:
    redis = store.connection()
    own = keys.make_key(f"{keys.LIMIT}:{holder}", settings.CACHE_KEY_PREFIX, 1)
    commands.delete(redis, [own, *redis.scan_iter(f"{scan.escape(own)}:*")])
    sets = keys.make_key(f"{keys.ASKED}:*", scan.escape(settings.CACHE_KEY_PREFIX), 1)
    for name in redis.scan_iter(sets):
        redis.srem(name, holder)
