"""ElevenLabs' speech with timestamps: JSON objects that hold audio and the times of its characters.

The wire format is that of its API reference (text-to-speech/stream-with-timestamps).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from speech import strict_json
from speech.exceptions import ProviderBadAnswer
from speech.providers.base import Word

_Character = tuple[str, float, float]


def timed_speech(provider: str, reply: Iterable[bytes], begin: float) -> Iterator[bytes | Word]:
    """Yield the audio as it comes, then its words. `begin`: seconds of the speech before this response."""
    characters: list[_Character] = []
    for line in _lines(reply):
        try:
            message = strict_json.parse(line)
            yield base64.b64decode(message["audio_base64"] or "", validate=True)
            characters += _characters(message.get("alignment") or {})
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ProviderBadAnswer(f"{provider} returned no audio with timestamps") from error
    yield from _words(characters, begin)


def _characters(alignment: dict[str, Any]) -> list[_Character]:
    starts, ends = alignment.get("character_start_times_seconds", ()), alignment.get("character_end_times_seconds", ())
    return list(zip(alignment.get("characters", ()), map(float, starts), map(float, ends), strict=True))


def _words(characters: list[_Character], begin: float) -> Iterator[Word]:
    word: list[_Character] = []
    for character in [*characters, (" ", 0.0, 0.0)]:
        if not character[0].isspace():
            word.append(character)
        elif word:
            text = "".join(each[0] for each in word)
            yield Word(text, round(begin + word[0][1], 3), round(begin + word[-1][2], 3))
            word = []


def _lines(reply: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in reply:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, map(bytes.strip, lines))
    if rest.strip():
        yield rest
