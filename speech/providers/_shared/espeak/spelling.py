"""Rewrite a text in characters that espeak-ng's voices read."""

from __future__ import annotations

import re
import unicodedata

from speech.providers._shared.espeak.currencies import with_names
from speech.providers._shared.espeak.figures import ungrouped
from speech.text.sentence_terminals import ETHIOPIC, GREEK, OF_INDIA

# Letters in parts, as some editors and file systems write them: their accents are named, or left out. Marks of Arabic
# vowels stay in the order in which they are typed.
_IN_PARTS = re.compile(
    "[^\\W\\d_][\u0300-\u036f]+|[\u0627\u0648\u064a\u06c1\u06d2\u06d5][\u0653-\u0655]"
    "|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|\u1025\u102e"
)
# What is typed for the question mark and the semicolon of Greek, and for full stops, and what the voices know.
_TYPED_STOPS = (
    (re.compile(rf"(?<=[{GREEK}]{{2}});"), "\u037e"),
    (re.compile(rf"(?<=[{GREEK}]{{2}})\u00b7"), "\u0387"),
    (re.compile(rf"(?<=[{ETHIOPIC}])(?:\u1361\u1361|::)"), "\u1362"),
    (re.compile(rf"(?<=[{OF_INDIA}])(?:\u09f7|\|\|?)(?=\s|\Z)|(?<=[{OF_INDIA}] )\|\|?(?=\s|\Z)"), "\u0964"),
)
# The decimal and thousands separators of Arabic script.
_SEPARATORS = {0x066B: ".", 0x066C: ","}
_ARMENIAN_LIGATURE = "\u0587"  # the voice's dictionary writes it in two letters, for which a clause may have no room
# Letters for display and of old encodings: wide, bold, ligatures, positional forms of Arabic, half-width kana.
_PRESENTATION_FORMS = re.compile(
    "[\u2100-\u214f\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufbff\ufc00-\ufdfb\ufe70-\ufefc\uff21-\uff3a\uff41-\uff5a"
    "\uff66-\uff9f\U0001d400-\U0001d7ff]+"
)
_LETTERS = re.compile(r"[^\W_]+")
# Enclosed figures and letters, fractions, degrees and raised or lowered letters that no voice has a name for.
_SILENT_SIGNS = re.compile(
    "[\u2071\u207f\u2090-\u209c\u2103\u2109\u2150-\u2152\u2155-\u215e\u2460-\u24ff\u2776-\u2793]"
)
# Thai, Burmese, Japanese and Chinese are written without spaces.
_UNSPACED = "\u0e00-\u0e3e\u0e40-\u0e7f\u1000-\u109f\u3041-\u30ff\u3400-\u9fff"
_LATIN_AMONG_UNSPACED = re.compile(
    rf"(?<=[{_UNSPACED}])(?=[A-Za-zÀ-ɏ])|(?<=[A-Za-zÀ-ɏ])(?=[{_UNSPACED}])|(?<=[A-Za-zÀ-ɏ]\d)(?=[{_UNSPACED}])"
)
_HEBREW_ACCENTS = re.compile("[\u0591-\u05af\u05bd\u05bf\u05c4\u05c5]")
_POINTED_LETTER = re.compile("([א-ת])([\u05b0-\u05bc\u05c1\u05c2\u05c7]+)")
_DAGESH, _SHIN_DOT, _SIN_DOT = "\u05bc", "\u05c1", "\u05c2"
# Each vowel as the voice reads it after any letter: holam and qubuts by the letter vav that may be written for them.
_VOWELS = {
    **{point: point for point in "\u05b0\u05b4\u05b5\u05b6\u05b7\u05b8"},
    **{"\u05b1": "\u05b6", "\u05b2": "\u05b7"},
    **dict.fromkeys("\u05b3\u05b9\u05ba\u05c7", "ו\u05b9"),
    "\u05bb": "ו\u05bc",
}
_POLYTONIC = re.compile("[\u1f00-\u1fff]")
# Grave and circumflex are written as the one accent of today; breathings and iota subscript are dropped.
_MONOTONIC = {0x300: 0x301, 0x342: 0x301, 0x313: None, 0x314: None, 0x345: None, 0x304: None, 0x306: None}


def said(text: str, language: str) -> str:
    """Return `text`, which is readable, as `language` says it: figures whole, currencies by their names."""
    return with_names(ungrouped(text, language), language)


def readable(text: str) -> str:
    """Return `text` with plain letters, ASCII digits, simply pointed Hebrew, monotonic Greek, stops of its script.

    A Latin word among letters without spaces gets them: the engine spells it otherwise.

    Urdu and Persian voices are silent at the digits of their own script; any voice spells wide letters, ligatures and
    points letter by letter.
    """
    if text.isascii():
        return text
    text = _IN_PARTS.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    for typed, known in _TYPED_STOPS:
        text = typed.sub(known, text)
    text = _PRESENTATION_FORMS.sub(lambda match: _LETTERS.sub(_plain, match[0]), text)
    text = _POLYTONIC.sub(_monotonic, _POINTED_LETTER.sub(_simply_pointed, _HEBREW_ACCENTS.sub("", text))).replace(
        _ARMENIAN_LIGATURE, "եւ"
    )
    text = _LATIN_AMONG_UNSPACED.sub(" ", _SILENT_SIGNS.sub(_named, text))
    return re.sub(r"\d", lambda match: str(unicodedata.digit(match[0])), text).translate(_SEPARATORS)


def _plain(letters: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", letters[0])


def _named(sign: re.Match[str]) -> str:
    """Return the figures and letters that `sign` stands for, apart from its neighbours: 3⅞ is no 37/8."""
    plain = unicodedata.normalize("NFKC", sign[0]).replace("\u2044", "/")
    number = unicodedata.numeric(plain, None) if len(plain) == 1 else None
    return f" {plain if number is None else f'{number:g}'} "


def _monotonic(letter: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", letter[0]).translate(_MONOTONIC))


def _simply_pointed(letter_and_points: re.Match[str]) -> str:
    """Return a Hebrew letter with the dot that changes it, then its vowel: the voice names any other point."""
    letter, points = letter_and_points[1], letter_and_points[2]
    dot = ""
    if letter == "ש":
        dot = _SIN_DOT if _SIN_DOT in points else _SHIN_DOT
    elif letter in "בכפו" and _DAGESH in points:
        dot = _DAGESH
    vowel = next((_VOWELS[point] for point in points if point in _VOWELS), "")
    if letter == "ו" and vowel.startswith("ו"):
        return vowel
    if letter in "םןףץ" or (letter == "ך" and vowel != "\u05b8"):
        vowel = ""
    return letter + dot + vowel
