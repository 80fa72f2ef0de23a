"""Files that only the user who runs the gateway may read: sessions, questions and keys are in them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def private_directory(name: str, path: Path) -> Path:
    """Return `path`, the value of the variable `name`, made if it does not exist, and closed to others if ours.

    Raise ImproperlyConfigured if it cannot be made or written.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} must name a directory that exists or can be made: {error}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}: {path} cannot be written by the user who runs the gateway")
    _close(path, 0o700)
    return path


def kept_text(name: str, file: Path, fresh: str) -> str:
    """Return the text of `file` in the directory that the variable `name` names; `fresh`, kept there, if it has none.

    Raise ImproperlyConfigured if that cannot be done.
    """
    try:
        # Empty: an earlier start found the disk full.
        if not file.exists() or not file.stat().st_size:
            # Whole or not at all, for processes that start at once.
            new = file.with_name(f"{file.name}.{os.getpid()}")
            try:
                new.touch(mode=0o600)
                new.write_text(fresh)
                _name(new, file)
            finally:
                new.unlink(missing_ok=True)
        return file.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: cannot write or read {file}: {error.strerror}") from error


def _name(new: Path, file: Path) -> None:
    """Give `new` the name `file`, unless another process has just kept a text there."""
    try:
        os.link(new, file)
        return
    except FileExistsError:
        if file.stat().st_size:
            return
    except OSError:
        # A file system without hard links, such as some shared folders.
        pass
    new.replace(file)


def private_database(entry: dict[str, Any]) -> dict[str, Any]:
    """Return Django's `entry`; SQLite's file is made and closed to others, and its -wal and -shm take its mode."""
    if entry["ENGINE"].endswith(".sqlite3") and entry["NAME"] != ":memory:":
        file = Path(entry["NAME"])
        with contextlib.suppress(OSError):
            file.touch(mode=0o600)
        for one in (file, *file.parent.glob(f"{file.name}-*")):
            _close(one, 0o600)
    return entry


def _close(path: Path, mode: int) -> None:
    # It may belong to another user, who decides.
    with contextlib.suppress(OSError):
        if path.stat().st_mode & 0o077:
            path.chmod(mode)
