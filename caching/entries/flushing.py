"""Removing entries, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from caching import keys, store
from caching.entries import keyspace
from caching.entries.inspection import Row
from caching.entries.keyspace import Stored
from caching.semantic.feed import publish_gone

LLM_KINDS = (keys.EXACT, keys.SEMANTIC, keys.QUERY_INDEX)
TTS_KINDS = (keys.SPEECH,)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: all that fit every condition."""

    kinds: tuple[str, ...] = LLM_KINDS + TTS_KINDS
    pattern: str = "*"
    level: str = ""
    client: str = ""
    older_than: float | None = None
    """Seconds."""

    @property
    def reads_values(self) -> bool:
        return bool(self.level or self.client or self.older_than is not None)

    @property
    def takes_the_index(self) -> bool:
        """Whether `llm:query_index` itself goes: every worker then notices and forgets all."""
        return keys.QUERY_INDEX in self.kinds and self.pattern in ("*", "llm:*") and not self.reads_values

    def covers(self, row: Row) -> bool:
        old_enough = self.older_than is None or (row.age is not None and row.age >= self.older_than)
        return old_enough and self.level in ("", row.level) and self.client in ("", row.made_by)


@dataclass(slots=True)
class Progress:
    """How far a flush has come."""

    total: int
    """Keys in the whole database, when it began."""
    scanned: int = 0
    matched: int = 0
    removed: int = 0
    bytes: int = 0
    complete: bool = False
    """False at the end: Redis went away meanwhile."""
    samples: list[str] = field(default_factory=list)


def flush(selection: Selection, *, dry_run: bool = False) -> Iterator[Progress]:
    """Remove the entries of `selection` in small steps, telling after each how far it is."""
    progress = Progress(total=keyspace.size() or 0)
    cursor = 0
    while step := keyspace.scan(cursor, selection.pattern):
        cursor, found = step
        progress.scanned += keyspace.STEP
        names = _selected(selection, found)
        progress.matched += len(names)
        progress.bytes += sum(keyspace.memory(names) or []) if names else 0
        progress.samples += names[: max(0, 5 - len(progress.samples))]
        if not dry_run:
            progress.removed += store.delete(names)
            if not selection.takes_the_index:
                publish_gone(name for name in names if keys.kind_of(name) == keys.EXACT)
        progress.complete = not cursor and store.available()
        yield progress
        if not cursor:
            return
    yield progress


def _selected(selection: Selection, names: Sequence[str]) -> list[str]:
    of_kind = [name for name in names if keys.kind_of(name) in selection.kinds]
    if not selection.reads_values or not of_kind:
        return of_kind
    described: list[Stored] = keyspace.describe(of_kind) or []
    return [stored.key for stored in described if selection.covers(Row(stored, hits=0))]
