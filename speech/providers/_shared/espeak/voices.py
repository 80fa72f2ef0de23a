"""The languages that espeak-ng 1.51 and 1.52 speak, and the scripts that each of its voices can read."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from speech.text import languages

# Beside the languages of `speech.text.languages`.
OTHERS = {
    "am": "Amharic", "ar": "Arabic", "as": "Assamese", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "ko": "Korean",
    "ms": "Malay", "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sd": "Sindhi", "si": "Sinhala", "sv": "Swedish", "sw": "Swahili",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

NAMES = {**languages.NAMES, **OTHERS}
# Our name of each voice, and the name that espeak-ng accepts for it.
VOICES = {
    "en-gb": "gmw/en",
    "en-us": "gmw/en-US",
    **{code: code for code in NAMES if code not in ("en", "zh")},
    "zh": "cmn",
}

# Those of SSML that it reads, by its documentation (docs/markup.md).
TAGS = (
    "speak", "voice", "prosody", "say-as", "mark", "s", "p", "phoneme", "sub", "emphasis", "break", "metadata", "lang",
)  # fmt: skip

# Name, characters, and the languages whose voices read them: any other spells them letter by letter, or is silent.
_OWN_SCRIPTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc", ("ar", "fa", "sd", "ur")),
    ("Hebrew", "\u0590-\u05ff", ("he",)),
    ("kana", "\u3040-\u30ff\uff66-\uff9f", ("ja",)),
    ("Chinese", "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", ("zh", "ja")),
    ("Thai", "\u0e00-\u0e7f", ("th",)),
    ("Myanmar", "\u1000-\u109f", ("my",)),
    ("Ethiopic", "\u1200-\u139f", ("am",)),
    ("polytonic Greek", "\u1f00-\u1fff", ("el",)),
    ("Cyrillic", "\u0400-\u052f", ("ru", "bg", "uk", "en")),
)
_ANY_VOICE = (
    r"A-Za-z\u00aa-\u024f\u0250-\u02ff\u0370-\u03ff\u0530-\u058f\u0900-\u0dff\u10a0-\u10ff\u1100-\u11ff\u1e00-\u1eff"
)
_READ_BY_ALL = re.compile(rf"[{_ANY_VOICE}\uac00-\ud7a3\uff21-\uff5a\ufb00-\ufb17]")
_SCRIPTS = [(name, re.compile(f"[{characters}]"), codes) for name, characters, codes in _OWN_SCRIPTS]
# Letters that tell languages of one script apart.
_LANGUAGE_OF_LETTERS = (("ur", re.compile("[ٹڈڑںےہھ]")), ("fa", re.compile("[پچژگ]")), ("ja", _SCRIPTS[2][1]))


def detect(text: str) -> str:
    """Return the language of `text` by its script, English where no voice has one of its own for it."""
    code = languages.detect(text)
    if code != "en" or text.isascii():
        return code
    scripts = Counter(codes[0] for letter in text for _, pattern, codes in _SCRIPTS if pattern.match(letter))
    latin = sum(letter.isascii() and letter.isalpha() for letter in text)
    if not scripts or scripts.most_common(1)[0][1] < latin:
        return "en"
    found = scripts.most_common(1)[0][0]
    if found in ("ar", "zh", "ja"):
        return next((code for code, letters in _LANGUAGE_OF_LETTERS if letters.search(text)), found)
    return found


def unreadable_script(text: str, language: str) -> str:
    """Return the script of most of the letters of `text` if a voice of `language` cannot read it, or nothing."""
    if text.isascii():
        return ""
    unread = Counter(_script_of(letter, language) for letter in text if letter.isalpha())
    readable = unread.pop("", 0)
    return unread.most_common(1)[0][0] if sum(unread.values()) > readable else ""


def _script_of(letter: str, language: str) -> str:
    if _READ_BY_ALL.match(letter):
        return ""
    for name, pattern, codes in _SCRIPTS:
        if pattern.match(letter):
            return "" if language in codes else name
    return unicodedata.name(letter, "an unknown script").partition(" LETTER")[0].title()
