"""Write entries to a file that another installation can read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from caching import keys
from caching.archive import audio as archive
from caching.maintenance.export_file import ExportedEntry, ExportWriter
from caching.maintenance.selection import Selection
from caching.redis import scan, store
from caching.redis.scan import Stored
from caching.redis.whole import whole

ARCHIVED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class ExportScopes:
    """Scopes of the entries that may be exported: that of each client by its name, and the one that they share."""

    private: Mapping[str, str]
    shared: str


@dataclass(slots=True)
class Progress:
    # Keys in the whole database and entries of the archive, at the start.
    total: int
    scanned: int = 0
    exported: int = 0
    # Entries left out, by reason.
    left_out: Counter[str] = field(default_factory=Counter)


class LeftOut(Exception):
    """An entry that is not exported; the message says why."""


@whole
def export(selection: Selection, scopes: ExportScopes, writer: ExportWriter) -> Iterator[Progress]:
    """Write the selected entries in small batches, yielding the progress after each. Raises RedisFailed.

    The file is whole only after the last step.
    """
    rows = selection.archived().current()
    progress = Progress(total=(scan.size() or 0) + rows.count())
    for found in scan.scan_all(selection.pattern):
        progress.scanned += scan.STEP
        for stored, audio in _read(selection.of(found)):
            _add(writer, progress, scopes, stored.key, stored.fields, _end_of(stored), audio)
        yield progress
    archived = iter(rows.values_list("key", "expires"))
    while ends := dict(islice(archived, ARCHIVED_AT_ONCE)):
        progress.scanned += len(ends)
        for name, kept in archive.find(list(ends)).items():
            fields = keys.unpacked(kept.fields)
            _add(writer, progress, scopes, name, fields, ends[name].timestamp(), kept.data, archived=True)
        yield progress
    writer.end()


def _add(
    writer: ExportWriter,
    progress: Progress,
    scopes: ExportScopes,
    key: str,
    fields: Mapping[str, Any],
    expires: float,
    audio: bytes | None,
    *,
    archived: bool = False,
) -> None:
    answer = ""
    try:
        private = _private_scope(fields, scopes)
        if keys.kind_of(key) == keys.SEMANTIC:
            answer, context = _answer_of(fields)
            fields = {**fields, "content": context}
        shared = _is_shared(key, fields.get("content"), private, scopes.shared)
    except LeftOut as reason:
        progress.left_out[str(reason)] += 1
        return
    writer.add(ExportedEntry(key, fields["by"], shared, expires, dict(fields), audio, archived, answer))
    progress.exported = writer.count


def _read(names: Sequence[str]) -> Iterator[tuple[Stored, bytes | None]]:
    """Yield what Redis holds under some keys. What cannot be read is left out, as it is by every look-up."""
    described: list[Stored] = (scan.describe(names) or []) if names else []
    spoken = [stored.key for stored in described if stored.kind == keys.SPEECH]
    audio = dict(zip(spoken, store.get_many(spoken, "audio"), strict=True)) if spoken else {}
    for stored in described:
        if stored.kind == keys.SPEECH:
            if (sound := audio[stored.key]) is not None:
                yield stored, sound.data
        elif stored.kind in (keys.EXACT, keys.SEMANTIC, keys.TRANSCRIPT, keys.EMBEDDING) and stored.fields:
            yield stored, None


def _private_scope(fields: Mapping[str, Any], scopes: ExportScopes) -> str:
    """Return the scope of the client that made an entry. Raises LeftOut."""
    private = scopes.private.get(fields.get("by", ""))
    if private is None:
        raise LeftOut("of clients that are unknown or never stored")
    return private


def _is_shared(key: str, content: Any, private: str, shared: str) -> bool:
    """Return True for an entry of the shared scope, False for one of its client's own. Raises LeftOut."""
    if isinstance(content, str):
        for scope in (private, shared):
            if keys.rekeyed(key, scope, content) == key:
                return scope == shared
    raise LeftOut("of another installation or version")


def _answer_of(fields: Mapping[str, Any]) -> tuple[str, str]:
    """Return content and context of the answer that a semantic entry names; its own content is that context."""
    answer = keys.unpacked(store.get(str(fields.get("answer_key"))) or {})
    if not {"content", "context"} <= answer.keys():
        raise LeftOut("whose answer has expired")
    return answer["content"], answer["context"]


def _end_of(stored: Stored) -> float:
    return time.time() + (stored.ttl or 0) + int(stored.fields.get("kept", 0))
