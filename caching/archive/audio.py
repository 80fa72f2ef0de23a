"""Speech that outlives Redis: looked up after Redis and before a provider.

The table ArchivedAudio lists what is kept; a file without a row is never read. Nothing here raises because of the
archive: what cannot be read counts as absent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, models
from django.utils import timezone

from caching import background, keys, metrics
from caching.archive import files
from caching.archive.files import FilesUnavailable
from caching.models import ArchivedAudio
from caching.redis.serializers import Audio, AudioSerializer, Unreadable

logger = logging.getLogger(__name__)

# Entries that this process has handed over lately, so that a hit hands over each of them once.
MAX_REMEMBERED = 20_000
DELETED_AT_ONCE = 500
LONGEST_KEY = 500  # what the table can hold

_serializer = AudioSerializer({})
_kept: dict[str, float] = {}


def find(names: Sequence[str]) -> dict[str, Audio]:
    """Return what is kept under some keys."""
    if not (names and files.available()):
        return {}
    try:
        rows = list(ArchivedAudio.objects.current().filter(key__in=names))
        found = {row.key: audio for row in rows if (audio := _read(row))}
    except (DatabaseError, FilesUnavailable) as error:
        logger.warning("The audio archive was not searched: %s", error)
        return {}
    metrics.ARCHIVE_READS.labels("hit").inc(len(found))
    metrics.ARCHIVE_READS.labels("miss").inc(len(names) - len(found))
    return found


def keep(key: str, audio: Audio) -> None:
    """Write an entry to the archive, in the background and once."""
    created = audio.fields.get("created", 0.0)
    if _kept.get(key) == created or len(key) > LONGEST_KEY or not files.available():
        return
    if len(_kept) >= MAX_REMEMBERED:
        _kept.clear()
    _kept[key] = created
    background.submit(_keep, key, audio)


def restore(key: str, audio: Audio, expires: datetime) -> bool:
    """Write an entry of another archive, unless there is one under its key. Return False if it was not written."""
    if len(key) > LONGEST_KEY or not files.available() or ArchivedAudio.objects.current().filter(key=key).exists():
        return False
    return _write(key, audio, expires)


def delete(rows: models.QuerySet[ArchivedAudio]) -> int:
    """Delete entries and return their number.

    Raises FilesUnavailable if files are left; they are not read any more, and `prune` deletes them later.
    """
    now = timezone.now()
    rows.filter(expires__gt=now).update(expires=now)
    deleted = 0
    while some := list(rows.order_by("pk")[:DELETED_AT_ONCE]):
        for row in some:
            files.delete(row.file)
            row.delete()
            _kept.pop(row.key, None)
            deleted += 1
    return deleted


def discard(names: Iterable[str]) -> None:
    """Delete what is kept under some keys; a file that cannot be deleted now is deleted later."""
    try:
        delete(ArchivedAudio.objects.filter(key__in=list(names)))
    except FilesUnavailable:
        logger.warning("Files of deleted entries are left in the audio archive; prune_ledger deletes them")


def prune() -> int:
    """Delete what is older than AUDIO_ARCHIVE_DAYS. Raises FilesUnavailable."""
    return delete(ArchivedAudio.objects.expired())


def size() -> tuple[int, int]:
    """Return the number of entries and their bytes."""
    sums: dict[str, Any] = ArchivedAudio.objects.current().aggregate(
        count=models.Count("pk"), bytes=models.Sum("bytes")
    )
    return sums["count"], sums["bytes"] or 0


def _keep(key: str, audio: Audio) -> None:
    old = ArchivedAudio.objects.filter(key=key).first()
    if old and old.made >= _made(audio) - timedelta(seconds=1) and old.expires > timezone.now():
        return
    if not _write(key, audio, timezone.now() + timedelta(days=settings.AUDIO_ARCHIVE_DAYS)):
        _kept.pop(key, None)


def _write(key: str, audio: Audio, expires: datetime) -> bool:
    old = ArchivedAudio.objects.filter(key=key).first()
    content = _serializer.dumps(audio)
    # The row first: no file is ever without one, so that it can be found to be deleted.
    row, _ = ArchivedAudio.objects.update_or_create(
        key=key,
        defaults={
            "file": old.file if old else files.new_name(),
            "client": audio.fields["by"],
            "level": audio.fields["level"],
            "bytes": len(content),
            "made": _made(audio),
            "expires": expires,
        },
    )
    try:
        files.write(row.file, content)
    except FilesUnavailable:
        row.delete()
        return False
    metrics.ARCHIVE_WRITES.inc()
    return True


def _made(audio: Audio) -> datetime:
    return datetime.fromtimestamp(audio.fields.get("made", audio.fields["created"]), UTC)


def _read(row: ArchivedAudio) -> Audio | None:
    content = files.read(row.file)
    try:
        if content is None:
            raise Unreadable("its file is missing")
        audio = _serializer.loads(content)
        if audio.fields.get("key") != keys.self_check(row.key):
            raise Unreadable("an entry of another key")
    except Unreadable as error:
        metrics.UNREADABLE.inc()
        logger.warning("Deleted unreadable entry %s from the archive: %s", row.key, error)
        discard([row.key])
        return None
    return audio
