"""A question, read once: its content words, and everything that the guards compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from sys import intern
from typing import Any, TypeVar

from caching.redaction import remember
from caching.semantic.text.articles import agreement
from caching.semantic.text.folding import PAUSE, folded, polite
from caching.semantic.text.lexicon import languages_with, table, with_english
from caching.semantic.text.lexicon import words as lexicon_words
from caching.semantic.text.normalize import joined, said
from caching.semantic.text.phrasing import asks_by_mark
from caching.semantic.text.questions import states
from caching.semantic.text.reader import Token, read
from caching.semantic.text.reading import UNREAD, Reading, reading_of
from caching.semantic.text.stemming import stem

_T = TypeVar("_T")
_NOTHING: frozenset[Any] = frozenset()
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NAME = re.compile(r"(?<=[a-z0-9,] )[A-Z][a-z]{2,}")


@dataclass(frozen=True)
class Question:
    """A normalised question, analysed. Sets hold the names of the tables in `lexicon`, never the words found.

    An explained pair needs only these fields and `spoken`; guards and features have the rest computed at the first use.
    """

    original: str
    """As it came: its capitals show names."""
    text: str
    language: str
    tokens: tuple[str, ...]
    """All words, folded."""
    reading: Reading

    @cached_property
    def content(self) -> tuple[str, ...]:
        """Stems of the words that carry meaning, in their order; a word of `synonyms` is replaced by its first."""
        words = [token for token in self.tokens if token not in self._tables.function]
        return tuple(intern(self._tables.synonyms.get(word, word)) for word in map(stem, words))

    @cached_property
    def words(self) -> frozenset[str]:
        """The same in no order."""
        return _set(self.content)

    @cached_property
    def function(self) -> frozenset[str]:
        return _set(intern(token) for token in self.tokens if token in self._tables.function)

    @cached_property
    def spoken(self) -> frozenset[str]:
        """All words in no order."""
        return _set(self.tokens)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        return self._figures[0]

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Codes: letters and figures in one word, addresses."""
        return self._figures[1]

    @cached_property
    def _figures(self) -> tuple[tuple[str, ...], frozenset[str]]:
        # Hindi's "one" is its indefinite article too.
        is_hindi = self.language in ("hi", "hi_latn")
        return _numbers_and_codes([word for word in self.tokens if word != "1"] if is_hindi else self.tokens)

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of words that were capitalised inside the sentence."""
        return _set(self.words.intersection(map(stem, _capitalised(self.original))))

    @cached_property
    def units(self) -> frozenset[str]:
        return self._named_by(self._tables.units)

    @cached_property
    def times(self) -> frozenset[str]:
        return _set(_times(self.tokens, self._tables))

    @cached_property
    def contrasts(self) -> frozenset[tuple[str, int]]:
        return _set(pair for token in self.tokens for pair in self._tables.contrasts.get(token, ()))

    @cached_property
    def actions(self) -> frozenset[str]:
        return self._named_by(self._tables.actions)

    @cached_property
    def asks(self) -> frozenset[str]:
        return _set(_asked(self.text, self.tokens, self._tables))

    @cached_property
    def persons(self) -> frozenset[str]:
        return self._named_by(self._tables.persons)

    @cached_property
    def negations(self) -> int:
        return sum(token in self._tables.negation for token in self.tokens)

    @cached_property
    def mood(self) -> str:
        """ "whether" (is it, did they), "ask" (what, can i), "tell" (set an alarm) or "state" (i need an alarm)."""
        return _mood(self.tokens, self._tables)

    @cached_property
    def roles(self) -> frozenset[tuple[str, str]]:
        """A preposition (or Hindi postposition) and the stem that it governs."""
        return _set(_roles(self.tokens, self.language, self._tables))

    @property
    def _tables(self) -> _Tables:
        return _tables_of(self.language)

    def _named_by(self, table: dict[str, str]) -> frozenset[str]:
        return _set(table[token] for token in self.tokens if token in table)


def _set(found: Iterable[_T]) -> frozenset[_T]:
    """Most are empty, and each empty frozenset but this one takes 216 bytes."""
    return frozenset(found) or _NOTHING


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of a language turned round: word to what it means."""

    function: frozenset[str]
    negation: frozenset[str]
    units: dict[str, str]
    times: dict[str, str]
    persons: dict[str, str]
    actions: dict[str, str]
    contrasts: dict[str, tuple[tuple[str, int], ...]]
    question: dict[str, str]
    phrases: dict[str, str]
    synonyms: dict[str, str]
    whether: frozenset[str]
    asking: frozenset[str]


def _turned(sections: Iterable[dict[str, str]]) -> dict[str, str]:
    return {word: intern(name) for section in sections for name, words in section.items() for word in words.split()}


@cache
def _tables_of(language: str) -> _Tables:
    codes = with_english(language or "en")
    guards: list[dict[str, Any]] = [table(code)["guards"] for code in codes]
    contrasts: dict[str, list[tuple[str, int]]] = {}
    for each in guards:
        for name, sides in each.get("contrasts", {}).items():
            for at, side in enumerate(sides):
                for word in side.split():
                    contrasts.setdefault(word, []).append((intern(name), at))
    synonyms: dict[str, str] = {}
    for each in guards:
        for first, words in each.get("synonyms", {}).items():
            target = synonyms.get(stem(first), stem(first))
            synonyms.update({stem(word): target for word in words.split() if stem(word) != target})
    return _Tables(
        function=frozenset().union(*(lexicon_words(code, "function") for code in codes)),
        negation=frozenset(word for each in guards for word in each["negation"].split()),
        units=_turned(each.get("units", {}) for each in guards),
        times=_turned(each.get("times", {}) for each in guards),
        persons=_turned(each.get("persons", {}) for each in guards),
        actions=_turned(each.get("actions", {}) for each in guards),
        contrasts={word: tuple(found) for word, found in contrasts.items()},
        question=_turned(each.get("question", {}) for each in guards),
        phrases={phrase: name for each in guards for phrase, name in each.get("question_phrases", {}).items()},
        synonyms=synonyms,
        whether=frozenset(guards[0].get("whether", "").split()),
        asking=frozenset().union(*(lexicon_words(code, "question_words") for code in codes)),
    )


# "7 am" is in the morning, said or not.
_IMPLIED = {"am": frozenset(["morning"]), "pm": frozenset(["afternoon", "evening", "night"])}
_BEFORE_MONTH = frozenset(["in", "of", "for", "on", "by", "until", "since", "next", "last", "this", "during"])
_MODALS = frozenset(["can", "could", "should", "may", "might", "must", "will", "would", "shall"])
BEFORE = frozenset(
    ["from", "to", "than", "by", "for", "of", "with", "over", "into", "after", "before", "against", "via", "near"]
)
AFTER = frozenset(
    ("ने", "को", "से", "तक", "में", "पर", "का", "की", "के", "ne", "ko", "se", "tak", "mein", "par", "ka", "ki", "ke")
)

# Questions that are kept: about 2 kB each, and 0.1 ms to read.
REMEMBERED = 8192


@remember(REMEMBERED)
def analyse(original: str) -> Question:
    """`original` as it came: its capitals show names."""
    tokenized = read(original)
    language = tokenized.language if tokenized else ""
    spoken = said(original)
    heard = folded(polite(spoken, language) if original.islower() else spoken, language)
    text = joined(spoken) if tokenized else original
    return Question(
        original=original,
        text=text,
        language=language,
        tokens=tuple([intern(token) for token in heard if token != PAUSE]),
        reading=_reading(original, text, spoken, heard, language) if language else UNREAD,
    )


def _reading(original: str, text: str, spoken: Sequence[Token], heard: Sequence[str], language: str) -> Reading:
    reading = reading_of(heard, language, _names(original, language))
    articles = agreement([token.text.lower() for token in spoken], language)
    # Normalized text keeps a question mark where nothing else asks.
    in_words = language in languages_with("asks_in_words")
    marked = text.endswith("?") and (not in_words or states(heard, language))
    asks = (marked or not in_words) and asks_by_mark(heard, language, marked=marked)
    return replace(reading, articles=articles, asks=asks) if articles or asks else reading


def _capitalised(original: str) -> list[str]:
    return [name.lower() for name in _NAME.findall(original)]


def _names(original: str, language: str) -> frozenset[str]:
    return _set(() if language in languages_with("capitalizes_nouns") else _capitalised(original))


def _numbers_and_codes(tokens: Sequence[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    numbers: list[str] = []
    codes: set[str] = set()
    for token in tokens:
        if token.isalpha():
            continue
        if not any(map(str.isdigit, token)):
            if "@" in token or token.count(".") > 1:
                codes.add(token)
        elif token[0].isalpha():
            codes.add(token)
        else:
            numbers += _NUMBER.findall(token) or [token]
            if token[-1].isalpha():
                codes.add(token)
    return tuple(sorted(numbers)), _set(codes)


def _times(tokens: Sequence[str], tables: _Tables) -> set[str]:
    named = {*_named_times(tokens, tables)}
    return named.difference(*(_IMPLIED[half] for half in _IMPLIED.keys() & named))


def _named_times(tokens: Sequence[str], tables: _Tables) -> Iterator[str]:
    for before, word in zip(["", *tokens], tokens, strict=False):
        if word in tables.times and (word not in ("am", "pm") or before[:1].isdigit()):
            yield tables.times[word]
        elif word == "may" and before in _BEFORE_MONTH:
            yield "may"


def _mood(tokens: Sequence[str], tables: _Tables) -> str:
    first = tokens[0] if tokens else ""
    if first in tables.whether:
        return "whether"
    if first in tables.question or first in tables.asking or (first in _MODALS and tokens[1:2] != ("you",)):
        return "ask"
    return "state" if first in tables.function else "tell"


def _asked(text: str, tokens: Sequence[str], tables: _Tables) -> Iterator[str]:
    found = [name for phrase, name in tables.phrases.items() if phrase in text]
    if found:
        yield from found
    else:
        yield from (tables.question[token] for token in tokens if token in tables.question)


def _roles(tokens: Sequence[str], language: str, tables: _Tables) -> Iterator[tuple[str, str]]:
    for at, token in enumerate(tokens):
        if token in AFTER and language in ("hi", "hi_latn") and at:
            yield token, stem(tokens[at - 1])
        elif token in BEFORE:
            governed = next((word for word in tokens[at + 1 : at + 4] if word not in tables.function), "")
            if governed:
                yield token, stem(governed)
