"""Store the entries of a file that another installation has exported."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from caching import keys
from caching.archive import audio as archive
from caching.archive import files
from caching.maintenance import export_file
from caching.maintenance.export_file import BadLine, ExportedEntry
from caching.maintenance.exporting import ExportScopes
from caching.redis import scan, store
from caching.redis.serializers import Audio

BATCH = 100
ALREADY_HERE, EXPIRED = "already here", "expired"


@dataclass(slots=True)
class Progress:
    # Bytes of the file.
    read: int = 0
    imported: int = 0
    # Entries that were not stored, by reason.
    skipped: Counter[str] = field(default_factory=Counter)
    # Lines of the last batch that are no entries.
    bad: list[BadLine] = field(default_factory=list)


class Skipped(Exception):
    """An entry that is not imported; the message says why."""


def load(path: Path, kinds: tuple[str, ...], clients: Mapping[str, str], scopes: ExportScopes) -> Iterator[Progress]:
    """Store the entries whose client is in `clients`, which gives its name here; yield first, and after each batch.

    Entries that are here already stay. Raises NotAnExport, OSError and RedisFailed.
    """
    progress, batch = Progress(), []
    yield progress
    for progress.read, line in export_file.read(path):
        if isinstance(line, BadLine):
            progress.bad.append(line)
            continue
        if keys.kind_of(line.key) not in kinds or (clients and line.client not in clients):
            continue
        try:
            batch.append(_moved(line, clients.get(line.client, line.client), scopes))
        except Skipped as reason:
            progress.skipped[str(reason)] += 1
        if len(batch) >= BATCH:
            _store(batch, progress)
            yield progress
            progress.bad, batch = [], []
    _store(batch, progress)
    yield progress


def _moved(entry: ExportedEntry, client: str, scopes: ExportScopes) -> ExportedEntry:
    """Return the entry as this installation stores it. Raises Skipped."""
    private = scopes.private.get(client)
    if private is None:
        raise Skipped(f"of client {client}, which is unknown here or never stored")
    if entry.expires - time.time() < 1:
        raise Skipped(EXPIRED)
    if entry.archived and not files.enabled():
        raise Skipped("of an audio archive, which is off here")
    scope, kind = scopes.shared if entry.shared else private, keys.kind_of(entry.key)
    try:
        key = keys.rekeyed(entry.key, scope, entry.value["content"])
    except ValueError as error:
        raise Skipped("not an entry") from error
    if (kind == keys.SPEECH) is (entry.audio is None) or (kind == keys.SEMANTIC) is not bool(entry.answer):
        raise Skipped("incomplete")
    value = {**entry.value, "key": keys.self_check(key), "by": client}
    if entry.answer:
        value |= {"scope": key.split(":")[2], "answer_key": keys.exact_key(scope, entry.answer)}
    return replace(entry, key=key, client=client, value=value)


def _store(batch: list[ExportedEntry], progress: Progress) -> None:
    if in_redis := [entry for entry in batch if not entry.archived]:
        # A refused look would read as "not here", and its entry be replaced.
        with store.must_succeed():
            ttls = scan.ttls([entry.key for entry in in_redis])
            for entry, seconds in zip(in_redis, ttls or (), strict=True):
                _count(progress, _put(entry) if seconds == scan.GONE else ALREADY_HERE)
    for entry in batch:
        if entry.archived and entry.audio is not None:
            expires = datetime.fromtimestamp(entry.expires, UTC)
            written = archive.restore(entry.key, Audio(entry.audio, entry.value), expires)
            _count(progress, "" if written else ALREADY_HERE if files.available() else "which the archive did not take")


def _put(entry: ExportedEntry) -> str:
    """Store an entry in Redis. Return why not, if it cannot be stored."""
    seconds = int(entry.expires - time.time())
    if seconds <= 0:
        return EXPIRED
    value = entry.value if entry.audio is None else Audio(entry.audio, entry.value)
    stored = store.put(entry.key, value, seconds, "default" if entry.audio is None else "audio")
    return "" if stored else "larger than CACHE_MAX_ENTRY_BYTES"


def _count(progress: Progress, problem: str) -> None:
    if problem:
        progress.skipped[problem] += 1
    else:
        progress.imported += 1
