"""File of exported entries: JSON Lines, the first of which names the format and the last the number of entries.

Each line ends in the CRC-32 of what stands before it, as values in Redis do.
"""

from __future__ import annotations

import base64
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from caching.redis.serializers import JSONSerializer, Unreadable

FORMAT = "speech-gateway-cache"
VERSION = 1
# Characters. Larger than what CACHE_MAX_ENTRY_BYTES lets anybody store.
LONGEST_LINE = 2**27

_json = JSONSerializer({})


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    key: str
    # Name of the client that stored it.
    client: str
    # True if it belongs to the scope that clients share.
    shared: bool
    # `time.time()` at which it ends.
    expires: float
    # The JSON value, or the fields beside the audio.
    value: dict[str, Any]
    audio: bytes | None = None
    # True for audio of the archive.
    archived: bool = False
    # Content of the answer that a semantic entry names.
    answer: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is damaged, or of another program."""

    number: int
    problem: str


class NotAnExport(Exception):
    """The file is not one of this version."""


@contextmanager
def writing(path: Path) -> Iterator[ExportWriter]:
    """Create a file that only its owner may read; compressed if its name ends in `.gz`. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=raw, mode="wb") as file:
                yield ExportWriter(file)
        else:
            yield ExportWriter(raw)


class ExportWriter:
    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self.count = 0
        self._write({"format": FORMAT, "version": VERSION})

    def add(self, entry: ExportedEntry) -> None:
        line: dict[str, Any] = {
            "key": entry.key,
            "client": entry.client,
            "shared": entry.shared,
            "expires": round(entry.expires, 3),
            "value": entry.value,
        }
        if entry.audio is not None:
            line |= {"audio": base64.b64encode(entry.audio).decode(), "archived": entry.archived}
        if entry.answer:
            line["answer"] = entry.answer
        self._write(line)
        self.count += 1

    def end(self) -> None:
        self._write({"entries": self.count})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(_json.dumps(line) + b"\n")


def read(path: Path) -> Iterator[tuple[int, ExportedEntry | BadLine]]:
    """Yield the position in the file, in bytes, and each entry. Raises NotAnExport and OSError."""
    with path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if raw.read(2) == b"\x1f\x8b" else raw
        raw.seek(0)
        try:
            yield from ((raw.tell(), line) for line in _lines(file))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield raw.tell(), BadLine(0, f"the file is cut off or damaged: {error}")


def _lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[ExportedEntry | BadLine]:
    _demand_format(file.readline(1000))
    number, ended = 1, False
    while line := file.readline(LONGEST_LINE):
        number += 1
        try:
            fields = _json.loads(line.rstrip(b"\r\n"))
            if "entries" in fields:
                ended = True
                continue
            yield _entry(fields)
        except (Unreadable, KeyError, TypeError, ValueError) as error:
            yield BadLine(number, f"not an entry, or damaged: {error}")
    if not ended:
        yield BadLine(number + 1, "the end is missing")


def _demand_format(line: bytes) -> None:
    try:
        head = _json.loads(line.rstrip(b"\r\n"))
    except Unreadable as error:
        raise NotAnExport("not a file of cache_export") from error
    if head.get("format") != FORMAT:
        raise NotAnExport("not a file of cache_export")
    if head.get("version") != VERSION:
        raise NotAnExport(f"version {head.get('version')} of the format; this gateway reads version {VERSION}")


def _entry(fields: dict[str, Any]) -> ExportedEntry:
    audio = fields.get("audio")
    entry = ExportedEntry(
        key=fields["key"],
        client=fields["client"],
        shared=fields["shared"] is True,
        expires=float(fields["expires"]),
        value=dict(fields["value"]),
        audio=None if audio is None else base64.b64decode(audio, validate=True),
        archived=fields.get("archived") is True,
        answer=fields.get("answer", ""),
    )
    if not all(isinstance(text, str) for text in (entry.key, entry.client, entry.answer)):
        raise TypeError("a name is not a text")
    if not isinstance(entry.value.get("content"), str):
        raise ValueError("it does not say what it depends on")
    return entry
