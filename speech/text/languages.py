"""The languages that the gateway speaks: English and ten languages of India, by their ISO 639-1 codes."""

from __future__ import annotations

import re
from collections import Counter

from speech.exceptions import InvalidRequest

LANGUAGES = {
    "bn": "Bengali",
    "en": "English",
    "gu": "Gujarati",
    "hi": "Hindi",
    "kn": "Kannada",
    "ml": "Malayalam",
    "mr": "Marathi",
    "or": "Odia",
    "pa": "Punjabi",
    "ta": "Tamil",
    "te": "Telugu",
}

_ALIASES = {"od": "or"}  # Sarvam's tag for Odia, od-IN, is not in ISO 639
_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?")  # RFC 5646: language, script, region

# Unicode gives each script of India 128 code points in a row, from U+0900. Marathi shares Devanagari with Hindi.
_FIRST_INDIC = "\u0900"
_LANGUAGE_OF_BLOCK = dict(enumerate(("hi", "bn", "pa", "gu", "or", "ta", "te", "kn", "ml"), ord(_FIRST_INDIC) >> 7))


def canonical(tag: str) -> str:
    """The code of `LANGUAGES` for a BCP 47 tag (`hi-IN`, `od-IN`, `en_us`), so that spellings share a cache entry.

    Raises InvalidRequest with param "language".
    """
    match = _TAG.fullmatch(tag.strip().replace("_", "-").lower())
    code = _ALIASES.get(match[1], match[1]) if match else ""
    if code not in LANGUAGES:
        raise InvalidRequest(f"language must be one of {', '.join(LANGUAGES)}, not {tag[:40]!r}", param="language")
    return code


def detect(text: str) -> str:
    """The language of `text` by its script; English where no letter of an Indian script is in it.

    One Indic letter outweighs any number of Latin ones: Indian voices read English words, English voices cannot read
    Indian scripts. Among several Indian scripts the most frequent wins.
    """
    blocks = Counter(ord(char) >> 7 for char in text if char >= _FIRST_INDIC and char.isalpha())
    return next((_LANGUAGE_OF_BLOCK[block] for block, _ in blocks.most_common() if block in _LANGUAGE_OF_BLOCK), "en")
