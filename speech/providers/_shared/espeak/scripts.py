"""The scripts that espeak-ng reads, each with the languages whose voices read it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from speech.text import languages


class Run(NamedTuple):
    """A stretch of a text for a voice of one language."""

    language: str
    text: str


# Name, characters, and the languages that are written in it, the usual one first. Voices of other languages spell
# its letters one by one or leave them out. Indic stops (U+0964, U+0965) and the sign of the baht are everybody's.
_SCRIPTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Greek", "\u0370-\u037d\u037f-\u0386\u0388-\u03ff\u1f00-\u1fff", ("el",)),
    ("Cyrillic", "\u0400-\u052f", ("ru", "be", "bg", "kk", "uk")),
    ("Armenian", "\u0530-\u0588\u058a-\u058f\ufb13-\ufb17", ("hy",)),
    ("Hebrew", "\u0590-\u05ff\ufb1d-\ufb4f", ("he",)),
    ("Arabic", "\u0600-\u060b\u060d-\u061a\u061c-\u061e\u0620-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
     ("ar", "fa", "sd", "ur")),
    ("Devanagari", "\u0900-\u0963\u0966-\u097f", ("hi", "mr", "ne")),
    ("Bengali", "\u0980-\u09ff", ("bn", "as")),
    ("Gurmukhi", "\u0a00-\u0a7f", ("pa",)),
    ("Gujarati", "\u0a80-\u0aff", ("gu",)),
    ("Odia", "\u0b00-\u0b7f", ("or",)),
    ("Tamil", "\u0b80-\u0bff", ("ta",)),
    ("Telugu", "\u0c00-\u0c7f", ("te",)),
    ("Kannada", "\u0c80-\u0cff", ("kn",)),
    ("Malayalam", "\u0d00-\u0d7f", ("ml",)),
    ("Sinhala", "\u0d80-\u0dff", ("si",)),
    ("Thai", "\u0e00-\u0e3e\u0e40-\u0e7f", ("th",)),
    ("Myanmar", "\u1000-\u109f", ("my",)),
    ("Georgian", "\u10d0-\u10ff\u1c90-\u1cbf", ("ka",)),
    ("Ethiopic", "\u1200-\u139f", ("am",)),
    ("Hangul", "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff", ("ko",)),
    ("kana", "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f", ("ja",)),
    ("Chinese", "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", ("zh",)),
)  # fmt: skip
_KANJI = "Japanese kanji"
_CHARACTERS = {name: characters for name, characters, _ in _SCRIPTS}
_LANGUAGES = {name: codes for name, _, codes in _SCRIPTS}
_KANA, _CHINESE = (re.compile(f"[{_CHARACTERS[name]}]") for name in ("kana", "Chinese"))
_LATIN = (
    "A-Za-z\u00aa-\u024f\u0250-\u036f\u1d00-\u1dbf\u1e00-\u1eff\u2071\u207f\u2090-\u209c"
    "\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f\uff21-\uff5a\ufb00-\ufb06"
)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_LETTER = re.compile(f"[{_LATIN}]")
_UNKNOWN = re.compile(rf"[^\W\d_{_LATIN}{''.join(_CHARACTERS.values())}]")
# Letters that tell languages of one script apart, in the order in which they are looked for.
_LANGUAGE_OF_LETTERS = {
    "ar": (("sd", "[ٻڀٺٽٿڄڃڇڊڍڏڌڦڪڳڱڻ]"), ("ur", "[ٹڈڑںےہھ]"), ("fa", "[پچژگکی]")),
    "bn": (("as", "[ৰৱ]"),),
    "ru": (("kk", "[әғқңөұүһӘҒҚҢӨҰҮҺ]"), ("be", "[ўЎ]"), ("uk", "[іїєґІЇЄҐ]")),
    "zh": (("ja", _KANA.pattern),),
}
# Words of a script's name in Unicode that are no part of the script's own name.
_OF_A_CHARACTER = re.compile(
    r" (?:(?:CAPITAL|SMALL) )*(?:LETTER|SYLLABLE|SYLLABICS|IDEOGRAPH|SIGN|HIEROGLYPH|CHARACTER|COMPONENT)\b.*"
)
_VIETNAMESE = re.compile(r"\w*[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]\w*", re.I)
_LEAST_VIETNAMESE = 0.25  # of the words: a name in an English sentence is less


def detect(text: str) -> str:
    """Return the language of `text` by its script: English, or Vietnamese by its letters, where most are Latin.

    One Indic letter outweighs all Latin ones, as in `speech.text.languages`.
    """
    if text.isascii():
        return "en"
    counts: Counter[str] = Counter()
    for match in _foreign("").finditer(text):
        counts[str(match.lastgroup)] += len(match[0])
    if not counts:
        return _latin_language(text)
    indic = [name for name in counts if _LANGUAGES[name][0] in languages.NAMES]
    name = max(indic or counts, key=counts.__getitem__)
    latin = 0 if indic else len(_LATIN_LETTER.findall(text))
    return _language(name, text) if counts[name] >= latin else _latin_language(text)


def _latin_language(text: str) -> str:
    vietnamese = _VIETNAMESE.findall(unicodedata.normalize("NFC", text))
    return "vi" if len(vietnamese) > _LEAST_VIETNAMESE * len(text.split()) else "en"


def runs(text: str, language: str) -> list[Run]:
    """Return `text` as stretches for the voices of their scripts; what is neutral stays with what is before it.

    A single Greek letter is a sign, as in "5 Ω", and is named by any voice.
    """
    if text.isascii():
        return [Run(language, text)]
    found: list[Run] = []
    begin = 0
    for start, end, code in _stretches(text, language):
        if any(map(str.isalnum, text[begin:start])):
            found.append(Run(language, text[begin:start]))
            begin = start
        found.append(Run(code, text[begin:end]))
        begin = end
    return [*found, Run(language, text[begin:])] if begin < len(text) else found


def unreadable_script(text: str, language: str) -> str:
    """Return the first script in `text` that no voice reads, or nothing. `language` is that of the other voice."""
    if text.isascii():
        return ""
    for match in _UNKNOWN.finditer(text):
        if match[0].isalpha():
            name = unicodedata.name(match[0], "an unknown letter")
            return _OF_A_CHARACTER.sub("", name).title()
    if _CHINESE.search(text) and (language == "ja" or _KANA.search(text)):
        is_kanji = any(run.language == "ja" and _CHINESE.search(run.text) for run in runs(text, language))
        return _KANJI if is_kanji else ""
    return ""


def _stretches(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """Yield begin, end and language of each stretch that a voice of `language` does not read."""
    start = end = 0
    script = ""
    for match in _foreign(language).finditer(text):
        found = str(match.lastgroup)
        if _group(found) != _group(script) or _LETTER.search(text, end, match.start()):
            yield from _stretch(text, start, end, script)
            start, script = match.start(), found
        end = match.end()
    yield from _stretch(text, start, end, script)


def _stretch(text: str, start: int, end: int, script: str) -> Iterator[tuple[int, int, str]]:
    if not script or (script == "Greek" and end - start == 1):
        return
    behind = re.compile(r"[^\w(\[{“«‘\"']*").match(text, end)
    yield start, behind.end() if behind else end, _language(script, text[start:end])


def _group(script: str) -> str:
    """Return the script whose texts `script` is part of: kana stand among Chinese characters."""
    return "Chinese" if script == "kana" else script


def _language(script: str, text: str) -> str:
    usual = _LANGUAGES[_group(script)][0]
    told_by = _LANGUAGE_OF_LETTERS.get(usual, ())
    return next((code for code, letters in told_by if re.search(letters, text)), usual)


@cache
def _foreign(language: str) -> re.Pattern[str]:
    """Return a pattern of runs of letters of one script that voices of `language` do not read.

    The run is in a group with the name of its script.
    """
    return re.compile(
        "|".join(f"(?P<{name}>[{characters}]+)" for name, characters, codes in _SCRIPTS if not _reads(language, codes))
    )


def _reads(language: str, codes: tuple[str, ...]) -> bool:
    """Japanese is written in Chinese characters too; that its voice cannot read them is told by `unreadable_script`."""
    return language in codes or (language == "ja" and codes == ("zh",))
