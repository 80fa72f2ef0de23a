"""A cheap test before a stored question is read: a word that no rule changes must be in both questions.

>>> words = fixed_words("play some jazz in the kitchen", "en")
>>> sorted(words)
['jazz', 'kitchen']
>>> [may_be_explained(words, fixed_words(text, "en")) for text in ["Jazz in my kitchen", "play rock in the kitchen"]]
[True, False]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from caching.redaction import remember
from caching.semantic.text.lexicon import table
from caching.semantic.text.reader import composed
from caching.semantic.text.reading import IMPLIED
from caching.semantic.text.stemming import inflected, misspelled

_WORD = re.compile(r"[^\W\d_]{2,}")
_CONTRACTED = re.compile(r"n?'(?:t|s|d|m|ll|ve|re)\b")
# Tables by which no word is dropped or replaced. Any other table of a lexicon may do so.
_INERT = frozenset(
    (
        "capitonyms", "carriers", "commands", "decisive", "giving", "mention_commands", "mention_phrases", "mentions",
        "particular", "plurals_apart", "relational", "rooms", "seldom_decisive", "services", "speakers", "vocabulary",
    )
)  # fmt: skip
# Of the guards' tables those that words are read by.
_READ = ("times", "units", "negation")
# Spelled in more ways than letters tell: dots below, nasal signs, vowels in Latin letters.
_SPELLED_FREELY = frozenset(["hi", "hi_latn", ""])


@remember(16_384)
def fixed_words(text: str, language: str) -> frozenset[str]:
    """Return the inflected words of `text`, read in `language`, that no rule drops or replaces."""
    if language in _SPELLED_FREELY:
        return frozenset()
    changeable = _changeable(language)
    forms = {inflected(word, language) for word in _words(text) if word not in changeable}
    return frozenset(forms - changeable)


def may_be_explained(a: frozenset[str], b: frozenset[str]) -> bool:
    """False if one question has a fixed word that the other lacks, in any spelling."""
    if a == b:
        return True
    only_a, only_b = a - b, b - a
    return len(only_a) == len(only_b) and all(any(misspelled(word, other) for other in only_b) for word in only_a)


def _words(text: str) -> list[str]:
    """ "did n't" and "didn't" are "did", with a "not" that a rule may read."""
    return _WORD.findall(_CONTRACTED.sub(" ", composed(text).lower()))


@cache
def _changeable(language: str) -> frozenset[str]:
    """English words are read in every language: figures, courtesy."""
    found = set(IMPLIED)
    for code in {"en", language}:
        tables = table(code)
        found.update(_spelled({name: part for name, part in tables.items() if name not in _INERT | {"guards"}}))
        found.update(_spelled({name: tables["guards"].get(name, "") for name in _READ}))
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
