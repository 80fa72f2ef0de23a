from __future__ import annotations

import re

from caching.redaction import remember
from caching.semantic.text import language

# A language shows in its first words.
_MOST_CHARACTERS = 400
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def language_of(text: str) -> str:
    """The code of the lexicon that reads the text; "" where none does."""
    return _language_of(text[:_MOST_CHARACTERS])


@remember(1024)
def _language_of(text: str) -> str:
    return language.language_of(_WORD.findall(text.lower()))
