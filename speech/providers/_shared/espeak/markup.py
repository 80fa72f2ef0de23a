"""SSML in which each script has its voice."""

from __future__ import annotations

import re

from speech.providers._shared.espeak.parts import SpokenPart, parts_of
from speech.providers._shared.espeak.voices import engine_name

_TAG_OR_ENTITY = re.compile(r"(<[^<>]*>|&#?\w+;)")
# The shortest that ends a clause, as the end of a part does in a text without markup.
_SEAM = '<break time="1ms"/>'


def marked_up(text: str, language: str, voice: str) -> SpokenPart:
    """Return `text`, which is SSML, as one part: what a voice of `language` cannot read is put into `<voice>`.

    `<voice>` takes no variant (`+f3`): the engine keeps the one of the text.
    """
    own = engine_name(voice)
    pieces = _TAG_OR_ENTITY.split(text)
    pieces[::2] = [_spoken_by(own, parts_of(piece, language, voice)) for piece in pieces[::2]]
    return SpokenPart(own, "".join(pieces))


def _spoken_by(voice: str, parts: list[SpokenPart]) -> str:
    return _SEAM.join(
        part.text if part.voice == voice else f'<voice name="{part.voice.partition("+")[0]}">{part.text}</voice>'
        for part in parts
    )
