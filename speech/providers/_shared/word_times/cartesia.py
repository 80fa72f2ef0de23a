"""Cartesia's speech with timestamps: server-sent events that hold audio, and the times of its words.

The wire format is that of its API reference (tts/sse with `add_timestamps`), version 2026-08-14.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from speech import strict_json
from speech.exceptions import ProviderBadAnswer, ProviderUnavailable
from speech.providers._shared import errors
from speech.providers._shared.sse import read_events
from speech.providers.base import Word


def timed_speech(provider: str, reply: Iterable[bytes], begin: float) -> Iterator[bytes | Word]:
    """Yield the audio as it comes, then its words. `begin`: seconds of the speech before this response."""
    words: list[Word] = []
    for data in read_events(reply):
        try:
            message = strict_json.parse(data)
            kind = message["type"]
            if kind == "chunk":
                yield base64.b64decode(message["data"] or "", validate=True)
            elif kind == "timestamps":
                words += _words(message["word_timestamps"] or {}, begin)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ProviderBadAnswer(f"{provider} returned no audio with timestamps") from error
        if kind == "error":
            raise errors.from_event(provider, message)
        if kind == "done":
            yield from words
            return
    raise ProviderUnavailable(f"{provider} ended its stream early")


def _words(times: dict[str, Any], begin: float) -> Iterator[Word]:
    triples = zip(times.get("words", ()), times.get("start", ()), times.get("end", ()), strict=True)
    return (
        Word(str(word), round(begin + float(start), 3), round(begin + float(end), 3)) for word, start, end in triples
    )
