"""The rest of a streamed answer of which a part has been given out, from a second call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from caching.llm.entry import WholeAnswer
from caching.llm.stream import TEXTS, Chunk


class Different(ValueError):
    """A second answer to the same question begins differently, or is not text alone."""


def rest_of(given: WholeAnswer, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks of the same answer without the part that was given out before. Raises Different."""
    known = {(choice["index"], name): text for choice in given.choices for name, text in _texts(choice["message"])}
    for chunk in chunks:
        parts = [
            {**part, "delta": _without_known(known, part.get("index", 0), part.get("delta") or {})}
            for part in chunk.get("choices") or ()
        ]
        yield {**chunk, "choices": parts} if parts else chunk


def _texts(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in message.items():
        if name in TEXTS and isinstance(value, str | None):
            yield name, value or ""
        elif name != "role" and value:
            # Pieces of JSON that may belong to another call, or lists: not worth the risk.
            raise Different(name)


def _without_known(known: dict[tuple[int, str], str], index: int, delta: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `delta` without its role and without text that is `known`, which is shortened by that text."""
    rest = {name: value for name, value in delta.items() if name != "role"}
    for name in rest.keys() & TEXTS:
        before, piece = known.get((index, name), ""), rest[name] or ""
        if not isinstance(piece, str):
            raise Different(name)
        common = min(len(before), len(piece))
        if piece[:common] != before[:common]:
            raise Different(name)
        known[index, name], rest[name] = before[common:], piece[common:]
    return rest
