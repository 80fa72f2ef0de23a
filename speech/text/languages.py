"""Language tags, and the languages that a text shows by its script."""

from __future__ import annotations

import re
from collections import Counter

from speech.exceptions import InvalidRequest

NAMES = {
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

# Other codes of a language: those that the IANA registry of language subtags calls deprecated, and the codes of a
# macrolanguage's usual member, replaced as CLDR does. Sarvam's tag for Odia, od-IN, is not in ISO 639.
_ALIASES = {
    "cmn": "zh", "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "nb": "no", "od": "or", "ory": "or",
    "pes": "fa", "scc": "sr", "scr": "hr", "sh": "sr", "tl": "fil", "zsm": "ms",
}  # fmt: skip
# Words that clients and providers use for a language that is to be detected.
_DETECT = frozenset(["", "auto", "detect", "unknown", "und", "mul", "multi", "none", "null"])
# RFC 5646, section 2.1: language, extended language, script, region, variants, extensions, private use.
_TAG = re.compile(
    r"([a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
    r"(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
)

# Unicode gives each script of India 128 code points in a row, from U+0900. Marathi shares Devanagari with Hindi.
_FIRST_INDIC = "\u0900"
_LANGUAGE_OF_BLOCK = dict(enumerate(("hi", "bn", "pa", "gu", "or", "ta", "te", "kn", "ml"), ord(_FIRST_INDIC) >> 7))


def canonical(tag: str) -> str:
    """Spell a BCP 47 tag in one way, so that spellings share a cache entry; empty where it is to be detected.

    English and the languages of India lose script and region (`hi-IN` is `hi`, `od-IN` is `or`): their engines take
    them for the same. Any other keeps them (`es-419`, `zh-Hant-TW`). Raises InvalidRequest for what is no tag.
    """
    tag = tag.strip().replace("_", "-").lower()
    if tag in _DETECT:
        return ""
    match = _TAG.fullmatch(tag)
    if not match:
        raise InvalidRequest(f"language must be a BCP 47 tag such as hi-IN, not {tag[:40]!r}", param="language")
    code = _ALIASES.get(match[1], match[1])
    return code if code in NAMES else "-".join([code, *map(_spelled, tag.split("-")[1:])])


def primary(tag: str) -> str:
    """Return the language of a canonical tag without script and region: its ISO 639 code."""
    return tag.partition("-")[0]


def with_region(tag: str, region: str) -> str:
    """Return the tag with `region` where it names none."""
    return tag if any(len(part) == 2 and part.isupper() for part in tag.split("-")[1:]) else f"{primary(tag)}-{region}"


def name_of(tag: str) -> str:
    """Return the English name of a language, or its tag where it is not known here."""
    return NAMES.get(primary(tag)) or f"the language {tag}"


def _spelled(part: str) -> str:
    """Write a part of a tag as RFC 5646, section 2.1.1, recommends: `Hant`, `TW`."""
    return part.title() if len(part) == 4 and part.isalpha() else part.upper() if len(part) == 2 else part


def detect(text: str) -> str:
    """Return the language of `text` by its script; English where no letter of an Indian script is in it.

    One Indic letter outweighs any number of Latin ones: Indian voices read English words, English voices cannot read
    Indian scripts. Among several Indian scripts the most frequent wins.
    """
    blocks = Counter(ord(char) >> 7 for char in text if char >= _FIRST_INDIC and char.isalpha())
    return next((_LANGUAGE_OF_BLOCK[block] for block, _ in blocks.most_common() if block in _LANGUAGE_OF_BLOCK), "en")
