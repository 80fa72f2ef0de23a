"""A cheap test before questions are read: a word or a figure that no rule changes must be in both.

>>> fixed = fixed_words("play some jazz from 1959 in the kitchen", "en")
>>> sorted(fixed.words), sorted(fixed.figures)
(['jazz', 'kitchen'], ['1959'])
>>> texts = ["Jazz from 1959 in my kitchen", "play rock from 1959 in the kitchen", "play jazz from 1960 in the kitchen"]
>>> [may_be_explained(fixed, fixed_words(text, "en"), "en") for text in texts]
[True, False, False]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from caching.redaction import remember
from caching.semantic.text.lexicon import languages_with, table
from caching.semantic.text.normalize import normalize
from caching.semantic.text.numbers import number_words
from caching.semantic.text.reader import composed
from caching.semantic.text.reading import IMPLIED, lengths
from caching.semantic.text.stemming import inflected, misspelled

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CONTRACTED = re.compile(r"n?'(?:t|s|d|m|ll|ve|re)\b")
# Tables by which no word is dropped or replaced. Any other table of a lexicon may do so.
_INERT = frozenset(
    (
        "agreement", "alike", "aspects", "before_doing", "before_things", "calling", "capitonyms", "carriers",
        "chances", "commands", "decisive", "degrees", "denying", "explaining", "forms_apart", "giving", "kept_e",
        "lettered", "made_by_someone", "mention_commands", "mention_phrases", "mentions", "nouns_in_est", "now",
        "particular", "pasts", "presents", "presents_of_something", "relational", "rooms", "seldom_decisive",
        "services", "shown", "speakers", "surfaces", "vocabulary", "wanting_of_others", "whole",
    )
)  # fmt: skip
# Of the guards' tables those that words are read by.
_READ = ("times", "units", "negation")


class FixedWords(NamedTuple):
    words: frozenset[str]
    """Inflected."""
    figures: frozenset[str] | None
    """Of three digits or more; None if a figure may be written in another way."""


@remember(16_384)
def fixed_words(text: str, language: str) -> FixedWords:
    """Return what no rule drops or replaces in `text`, read in `language`."""
    if not language:
        # Nothing is explained but the same words.
        return FixedWords(frozenset([normalize(text)]), None)
    if language in languages_with("spelled_freely"):
        return FixedWords(frozenset(), None)
    words = _words(text)
    forms = {inflected(word, language) for word in words}
    is_written_so = _rewriting(language).isdisjoint(forms.union(words))
    return FixedWords(frozenset(forms - _changeable(language)), _figures(text) if is_written_so else None)


def may_be_explained(a: FixedWords, b: FixedWords, language: str) -> bool:
    """False if one question has a fixed word, in any spelling, or a figure that the other lacks."""
    if a == b:
        return True
    if a.figures is not None and b.figures is not None and a.figures != b.figures:
        return False
    only_a, only_b = a.words - b.words, b.words - a.words
    return len(only_a) == len(only_b) and all(
        any(misspelled(word, other, language) for other in only_b) for word in only_a
    )


def _figures(text: str) -> frozenset[str] | None:
    """Shorter figures may be dropped or be part of a time, and others may be grouped, or have a unit or a fraction."""
    figures = [word.rstrip(".,;?!") for word in text.split() if _DIGIT.search(word)]
    if not all(word.isascii() and word.isdecimal() for word in figures):
        return None
    return frozenset(word for word in figures if len(word) > 2)


def _words(text: str) -> list[str]:
    """ "did n't" and "didn't" are "did", with a "not" that a rule may read."""
    return _WORD.findall(_CONTRACTED.sub(" ", composed(text).lower()).replace("'", ""))


@cache
def _rewriting(language: str) -> frozenset[str]:
    """Return the words by which a figure may be another one: "two thousand", and "2 hours" for "120 minutes"."""
    return number_words(language) | lengths(language)


@cache
def _changeable(language: str) -> frozenset[str]:
    """English words are read in every language: figures, courtesy."""
    found = set(IMPLIED)
    for code in {"en", language}:
        tables = table(code)
        parts = [part for name, part in tables.items() if name not in _INERT and name != "guards"]
        found.update(_spelled([*parts, *(tables["guards"].get(name, "") for name in _READ)]))
    return frozenset(found | {inflected(word, language) for word in found})


def _spelled(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield from _words(part)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _words(key)
            yield from _spelled(value)
    elif isinstance(part, list):
        for each in part:
            yield from _spelled(each)
