"""Where workers keep the counters of /metrics, which they share."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile

# Disks fill up; this is the system's memory, on Linux.
IN_MEMORY = "/dev/shm"  # noqa: S108  # nosec B108
# For the counters of all workers: less than a MB each, and as much for each that was replaced.
ROOM_BYTES = 16_000_000


def new_directory() -> tempfile.TemporaryDirectory[str]:
    """Return a new directory for the counters of all workers, in memory where the system has such a place.

    They are files mapped into memory: where a page of one finds no room, the kernel kills the worker (SIGBUS). Raises
    OSError if there is no room anywhere.
    """
    try:
        return _with_room(IN_MEMORY)
    except OSError:
        return _with_room(None)


def _with_room(parent: str | None) -> tempfile.TemporaryDirectory[str]:
    directory = tempfile.TemporaryDirectory(dir=parent)
    if shutil.disk_usage(directory.name).free < ROOM_BYTES:
        directory.cleanup()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), directory.name)
    return directory
