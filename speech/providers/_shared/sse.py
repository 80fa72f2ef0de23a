"""Reading server-sent events (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain

_BLANK = codecs.BOM_UTF8 + b" \t\r\n"
_DONE = b"data: [DONE]"


def are_events(body: bytes) -> bool:
    return body.lstrip(_BLANK).startswith((b"data:", b"event:", b"error:", b"id:", b":"))


def without_done(body: bytes) -> bytes:
    """Return a JSON body without the end of a stream, which some proxies add to it."""
    return body.rstrip(_BLANK).removesuffix(_DONE)


def json_or_events(body: Iterable[bytes]) -> tuple[bytes, Iterator[str]]:
    """Return a body that is a JSON object, or b"" and its events. Waits for its first byte that is no white space."""
    parts = iter(body)
    start = b""
    while not start.lstrip(_BLANK) and (part := next(parts, b"")):
        start += part
    if start.lstrip(_BLANK).startswith(b"{"):
        return without_done(start + b"".join(parts)), iter(())
    return b"", read_events(chain([start], parts))


def read_events(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the `data` of each event; comments, other fields and an event without its empty line are left out.

    The data of an event called `error` is put into an `error` of its own, unless it has one.
    """
    data: list[str] = []
    name = ""
    for line in _lines(chunks):
        if not line:
            # WHATWG: an event without data is none. Some servers send one to keep the connection.
            if text := "\n".join(data):
                yield _as_error(text) if name == "error" else text
            data, name = [], ""
            continue
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.strip()
        elif field == "error":
            # llama.cpp until September 2025.
            data.append(f'{{"error": {value}}}')


def _as_error(text: str) -> str:
    if '"error"' in text:
        return text
    return f'{{"error": {text if text.lstrip().startswith("{") else json.dumps(text)}}}'


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield lines that end in LF, CRLF or CR, wherever the chunks are cut: also within a CRLF or a character.

    A byte that is not valid UTF-8 becomes a lone surrogate, which no JSON text holds: `json_object` refuses it.
    """
    utf8 = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    decoder = io.IncrementalNewlineDecoder(utf8, translate=True)
    begun: list[str] = []
    for chunk in chunks:
        first, *others = decoder.decode(chunk).split("\n")
        begun.append(first)
        if others:
            yield "".join(begun)
            *lines, last = others
            yield from lines
            begun = [last]
