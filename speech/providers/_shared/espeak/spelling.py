"""Rewrite a text in characters that espeak-ng's voices read."""

from __future__ import annotations

import re
import unicodedata

# The decimal and thousands separators of Arabic script.
_SEPARATORS = {0x066B: ".", 0x066C: ","}
_ARMENIAN_LIGATURE = "\u0587"  # the voice's dictionary writes it in two letters, for which a clause may have no room
# Letters for display and of old encodings: wide, bold, ligatures, positional forms of Arabic, half-width kana.
_PRESENTATION_FORMS = re.compile(
    "[\u2100-\u214f\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufbff\ufc00-\ufdfb\ufe70-\ufefc\uff21-\uff3a\uff41-\uff5a"
    "\uff66-\uff9f\U0001d400-\U0001d7ff]+"
)
_LETTERS = re.compile(r"[^\W_]+")
_HEBREW_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_POLYTONIC = re.compile("[\u1f00-\u1fff]")
# Grave and circumflex are written as the one accent of today; breathings and iota subscript are dropped.
_MONOTONIC = {0x300: 0x301, 0x342: 0x301, 0x313: None, 0x314: None, 0x345: None, 0x304: None, 0x306: None}


def readable(text: str) -> str:
    """Return `text` with plain letters, ASCII digits, unpointed Hebrew and monotonic Greek.

    Urdu and Persian voices are silent at the digits of their own script; any voice spells wide letters, ligatures and
    points letter by letter.
    """
    if text.isascii():
        return text
    text = _PRESENTATION_FORMS.sub(lambda match: _LETTERS.sub(_plain, match[0]), text)
    text = _HEBREW_POINTS.sub("", _POLYTONIC.sub(_monotonic, text)).replace(_ARMENIAN_LIGATURE, "եւ")
    return re.sub(r"\d", lambda match: str(unicodedata.digit(match[0])), text).translate(_SEPARATORS)


def _plain(letters: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", letters[0])


def _monotonic(letter: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", letter[0]).translate(_MONOTONIC))
