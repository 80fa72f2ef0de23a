"""Word stems: light suffix stripping, enough to pair "cancelling" with "cancel" and "कार्डों" with "कार्ड"."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from caching.redaction import remember
from caching.semantic.text.lexicon import languages_with, mixed_codes, table, words

# Words that end like an inflection and are none.
_KEEP = frozenset(
    ["news", "gas", "bus", "this", "has", "yes", "thing", "king", "ring", "sing", "string", "bed", "need", "feed"]
) | frozenset(["speed", "sms", "gps", "always", "pass", "less"])
_HINDI = ("ियों", "ाओं", "ुओं", "ियां", "ों", "ें", "ीं", "ाएं", "ी", "े", "ा", "ो", "ि", "ं")


@remember(16_384)
def stem(word: str) -> str:
    if "\u0900" <= word[0] <= "\u097f":
        return _strip(word, _HINDI, least=2)
    return _english(word) if word.isascii() and word.isalpha() else word


def _strip(word: str, suffixes: tuple[str, ...], least: int) -> str:
    for suffix in suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= least:
            return word[: -len(suffix)]
    return word


def _english(word: str) -> str:
    if len(word) < 4 or word in _KEEP:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "su":
        word = word[:-1]
    for suffix in ("ing", "ed"):
        if (
            word.endswith(suffix)
            and len(word) - len(suffix) >= 3
            and any(vowel in word[: -len(suffix)] for vowel in "aeiouy")
        ):
            word = word[: -len(suffix)]
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if len(word) > 4 and word.endswith("ly"):
        word = word[:-2]
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word[-1] == "y" else word


_AMERICAN = re.compile(r"(..[bcdfglmnrtvy])is(e|es|ed|ing|ation)$")
_COLOR = re.compile(r"(...)our(s|ed|ing|ite|ites|hood)?$")
# "plane" is no "plan": one vowel, one consonant and an "e". Behind a hiss "es" may make a plural: "buses".
_SILENT_E = re.compile(r"([^aeiouy]*[aeiouy][bcdfgklmnprtv])(?:e(s|d)?|ing)")


@cache
def _apart() -> frozenset[str]:
    return words("en", "forms_apart") | words("en", "kept_e")


@remember(16_384)
def inflected(word: str, language: str) -> str:
    """Return what all inflected forms of a word share that mean the same; in English a past stays a past."""
    if root := _root(word, language):
        return root
    if "en" in mixed_codes(language):
        apart = _apart()
        if word in apart:
            return word
        if word.endswith(("ings", "es")) and word[:-1] in apart:
            return word[:-1]
        if len(word) > 3 and (silent := _SILENT_E.fullmatch(word)) and (len(silent[1]) > 2 or word[-1] != "g"):
            return f"{silent[1]}e+ed" if silent[2] == "d" else f"{silent[1]}e"
        word = _AMERICAN.sub(r"\1iz\2", word) if len(word) > 6 else word
        word = _COLOR.sub(lambda found: f"{found[1]}or{found[2] or ''}", word) if len(word) > 5 else word
        past = len(word) > 4 and word.endswith("ed") and word not in _KEEP
        return f"{stem(word)}+ed" if past else stem(word)
    if language == "hi":
        return word
    if word.endswith(("te", "ten", "test", "tet")) and language == "de":
        return word  # "öffnete" is past
    for suffix in table(language).get("inflections", "").split():
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


@cache
def forms(language: str, name: str) -> frozenset[str]:
    """Return a list of the lexicon as its words are read."""
    return frozenset(inflected(word, language) for word in words(language, name))


def _root(word: str, language: str) -> str:
    """ "jalao", "jalaiye" and "jalana" as "jala"; tenses are other words."""
    roots = words(language, "roots")
    if word in roots:
        return word
    for ending in words(language, "endings"):
        if word.endswith(ending) and word[: -len(ending)] in roots:
            return word[: -len(ending)]
    return ""


def misspelled(one: str, other: str, language: str) -> bool:
    """Letters in another order, or one doubled, in words of five letters or more: "calender" is not among them.

    A figure with its digits in another order is another figure.
    """
    if min(len(one), len(other)) < 5 or one[0] != other[0] or one[0].isdigit():
        return False
    if language not in languages_with("forgives_letters"):
        return False
    if len(one) == len(other):
        different = [at for at, (x, y) in enumerate(zip(one, other, strict=True)) if x != y]
        if len(different) != 2 or different[1] - different[0] != 1:
            return False
        first, second = different
        return one[first] == other[second] and one[second] == other[first]
    return _undoubled(one) == _undoubled(other)


def _undoubled(word: str) -> str:
    return word[0] + "".join(after for before, after in pairwise(word) if before != after)


@remember(4096)  # 1.6 kB each
def trigrams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def alike(one: str, other: str) -> bool:
    """Spelled nearly alike: a Dice coefficient of 0.6 over letter trigrams, both words of four letters or more."""
    if len(one) < 4 or len(other) < 4 or one[0] != other[0]:
        return False
    first, second = trigrams(one), trigrams(other)
    return 2 * len(first & second) >= 0.6 * (len(first) + len(second))
