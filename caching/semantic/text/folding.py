"""One spelling for what may be spelled in two ways and still be explained: capitals, hyphens, units, "tv", clock times.

Stricter folding, which needs no explanation, is in `normalize`. Never folded here either: acronyms, mixed case, single
letters, and short words with a capital after a figure (units: "Pa", "Cal").

>>> from caching.semantic.text.normalize import same_words
>>> from caching.semantic.text.reader import read
>>> for text in ["Set Alarms for 7:00 A.M.", "5 MW or 5 mW", "pay $1,500", "the US and us", "the check-in",
...     "2kg of Rice", "50%", "vitamin A or a pill"]:
...     print(" ".join(folded(same_words(read(text)), "en")))
set alarms for 7 am
5 MW or 5 mW
pay 1500 dollars
the US and us
the check in
2 kg of rice
50 percent
vitamin A or a pill
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from caching.semantic.text.lexicon import languages_with, mixed_codes, phrases, table, with_english, words
from caching.semantic.text.numbers import fold_numbers
from caching.semantic.text.reader import Token

PAUSE = ","
# An article: where something new begins.
BREAK = "|"
_CURRENCIES = {"$": "dollars", "₹": "rupees", "€": "euros", "£": "pounds", "¥": "yen", "%": "percent", "°": "°"}
_FIGURE = re.compile(r"(-?\d+(?:[.,:]\d+)*)(\D*)")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+")
_HALF_DAYS = {"am": "am", "pm": "pm", "a.m.": "am", "p.m.": "pm", "a.m": "am", "p.m": "pm"}
_ORDINALS = frozenset(["st", "nd", "rd", "th"])
# Letters, at most, of a sign for a unit.
_UNIT = 3


def folded(tokens: Sequence[Token], language: str) -> list[str]:
    """Return the words of `same_words` in their order, with a comma where the speaker pauses."""
    found: list[str] = []
    for at, token in enumerate(tokens):
        if token.kind == "number":
            found += _figure(token.text, groups=language in languages_with("groups_by_commas"))
        elif token.kind == "sign":
            found.append(_CURRENCIES[token.text])
        elif token.kind == "word":
            found += _word(token, language, bool(found) and found[-1][-1:].isdigit())
            if token.text.endswith("'s") and _owns_nothing(tokens, at):
                found[-1] += "+place"
        else:
            found.append(PAUSE)
    found = _amounts(found)
    while found and found[-1] == PAUSE:
        found.pop()
    return fold_numbers(found, language) if language else found


def polite(tokens: Sequence[Token], language: str) -> list[Token]:
    """ "können sie mir sagen" with "Sie", as in "können Sie mir sagen": for texts without capitals."""
    found = list(tokens)
    verbs = _polite_verbs(language) if language else frozenset[str]()
    for at, token in enumerate(found[1:], 1):
        starts = at == 1 or found[at - 2].kind == "end"
        if token.text == "sie" and starts and found[at - 1].text in verbs:
            found[at] = token._replace(text="Sie")
    return found


@cache
def _polite_verbs(language: str) -> frozenset[str]:
    frames = [phrase.split() for name in ("frames", "asking", "telling") for phrase in phrases(language, name)]
    return frozenset(frame[0] for frame in frames if frame[1:2] == ["Sie"])


def _owns_nothing(tokens: Sequence[Token], at: int) -> bool:
    """ "directions to Joe's" leads to a place, "to Joe" to him."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return following is None or following.kind != "word" or following.text in words("en", "prepositions")


def _figure(text: str, *, groups: bool) -> list[str]:
    """ "7:00pm" in two words, and "1,500" without its comma where one groups figures."""
    match = _FIGURE.fullmatch(text)
    if match is None or match[2].lower() in _ORDINALS:
        return [text.lower()]
    number = match[1].replace(",", "") if groups and _GROUPED.fullmatch(match[1]) else match[1].removesuffix(":00")
    unit = match[2]
    if not unit:
        return [number]
    if unit.lower() in _HALF_DAYS:
        return [number, unit.lower()]
    return [number, unit] if unit.isalpha() and len(unit) > 1 else [text]


def _word(token: Token, language: str, after_figure: bool) -> list[str]:
    word = token.text
    if after_figure and word.lower() in _HALF_DAYS:
        return [_HALF_DAYS[word.lower()]]
    plain = word[0].isupper() and len(word) > 1 and word[1:] == word[1:].lower() and "." not in word
    counted = words(language, "counted") if language else frozenset[str]()
    is_unit = after_figure and len(word) <= _UNIT and word.lower() not in counted
    if plain and not is_unit and word.lower() not in _capitonyms(language):
        word = word.lower()
    if language == "hi":
        word = _plain_devanagari(word)
    spelled = _spellings(language).get(word, word) if language else word
    parts = spelled.split() if spelled != word else word.split("-") if "en" in mixed_codes(language) else [word]
    return [part.replace("'", "") for part in parts]


@cache
def _capitonyms(language: str) -> frozenset[str]:
    return words("en", "capitonyms") | (words(language, "capitonyms") if language else frozenset())


def _plain_devanagari(word: str) -> str:
    """Without dots and with the usual nasal sign, in words that people spell either way."""
    plain = word.replace("\u093c", "").replace("\u0901", "\u0902")
    return plain if plain in words("hi", "spelled_twice") else word


@cache
def _spellings(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in with_english(language):
        found |= table(code).get("spellings", {})
    return found


def _amounts(found: list[str]) -> list[str]:
    """ "$ 50" as "50 dollars"."""
    named = set(_CURRENCIES.values())
    for at in range(len(found) - 1):
        if found[at] in named and found[at] not in ("percent", "°") and found[at + 1][:1].isdigit():
            before = found[at - 1] if at else ""
            if not before[:1].isdigit():
                found[at], found[at + 1] = found[at + 1], found[at]
    return found
