from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from caching import keys
from caching.archive import audio as archive
from caching.maintenance.selection import Selection
from caching.redis import scan, store
from caching.redis.whole import whole
from caching.semantic.cache import forget_answers
from caching.semantic.replication import erase_events

# Between two steps that removed something, because Redis gives the memory back to the system as it goes: in five runs
# over 1,000,000 keys without a rest it was busy for up to 11 ms at a time, in one with it for 3 (benchmarks/flush.py).
REST_SECONDS = 0.003


@dataclass(slots=True)
class Progress:
    # Keys in the whole database at the start.
    total: int
    scanned: int = 0
    matched: int = 0
    removed: int = 0
    bytes: int = 0
    # Entries of the audio archive.
    archived: int = 0
    samples: list[str] = field(default_factory=list)


@whole
def flush(selection: Selection, *, dry_run: bool = False) -> Iterator[Progress]:
    """Delete the selected entries in small batches, yielding the progress at the start and after each.

    Raises FilesUnavailable or RedisFailed if files of the audio archive or entries in Redis cannot be deleted now.
    """
    progress = Progress(total=scan.size() or 0)
    # Before Redis: what is looked up meanwhile would come back from there.
    archived = selection.archived()
    progress.archived = archived.count() if dry_run else archive.delete(archived)
    yield progress
    cursor = 0
    while step := scan.scan(cursor, selection.pattern):
        cursor, found = step
        progress.scanned += scan.STEP
        names = selection.of(found)
        progress.matched += len(names)
        progress.bytes += sum(scan.memory(names) or []) if names else 0
        progress.samples += names[: max(0, 5 - len(progress.samples))]
        if not dry_run:
            progress.removed += store.delete(names)
            time.sleep(REST_SECONDS if names else 0)
            if not selection.includes_index:
                forget_answers([name for name in names if keys.kind_of(name) == keys.EXACT])
            if not cursor and selection.index_client:
                erase_events(by=selection.index_client)
        yield progress
        if not cursor:
            return
