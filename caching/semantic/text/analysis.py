"""A question, read once: its content words, and everything that the guards compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from sys import intern
from typing import Any, TypeVar

from caching.redaction import remember
from caching.semantic.text.folding import PAUSE, folded
from caching.semantic.text.lexicon import table
from caching.semantic.text.lexicon import words as lexicon_words
from caching.semantic.text.normalize import joined, said
from caching.semantic.text.reader import read
from caching.semantic.text.reading import UNREAD, Reading, reading_of
from caching.semantic.text.stemming import stem

_T = TypeVar("_T")
_NOTHING: frozenset[Any] = frozenset()
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NAME = re.compile(r"(?<=[a-z0-9,] )[A-Z][a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Question:
    """A normalised question, analysed. Sets hold the names of the tables in `lexicon`, never the words found."""

    text: str
    language: str
    content: tuple[str, ...]
    """Stems of the words that carry meaning, in their order; a word of `synonyms` is replaced by its first."""
    words: frozenset[str]
    """The same in no order."""
    function: frozenset[str]
    spoken: frozenset[str]
    """All words."""
    reading: Reading
    numbers: tuple[str, ...]
    identifiers: frozenset[str]
    """Codes: letters and figures in one word, addresses."""
    names: frozenset[str]
    """Stems of words that were capitalised inside the sentence."""
    units: frozenset[str]
    times: frozenset[str]
    contrasts: frozenset[tuple[str, int]]
    actions: frozenset[str]
    asks: frozenset[str]
    persons: frozenset[str]
    negations: int
    mood: str
    """"whether" (is it, did they), "ask" (what, can i), "tell" (set an alarm) or "state" (i need an alarm)."""
    roles: frozenset[tuple[str, str]]
    """A preposition (or Hindi postposition) and the stem that it governs."""


@dataclass(frozen=True, slots=True)
class _Reader:
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
def _reader(language: str) -> _Reader:
    """English is read in every language: Hindi speakers borrow its words."""
    codes = ("en", language) if language in ("hi", "hi_latn") else (language or "en",)
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
    return _Reader(
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

# Questions whose reading is kept: 1.7 kB each, and 0.04 ms to make.
REMEMBERED = 8192


@remember(REMEMBERED)
def analyse(original: str) -> Question:
    """`original` as it came: its capitals show names."""
    tokenized = read(original)
    language = tokenized.language if tokenized else ""
    spoken = said(original)
    heard = folded(spoken, language)
    text = joined(spoken) if tokenized else original
    tokens = [token for token in heard if token != PAUSE]
    reader = _reader(language)
    words = [token for token in tokens if token not in reader.function]
    content = tuple(intern(reader.synonyms.get(word, word)) for word in map(stem, words))
    # Hindi's "one" is its indefinite article too.
    counted = [word for word in tokens if word != "1"] if language in ("hi", "hi_latn") else tokens
    numbers, identifiers = _figures(counted)
    return Question(
        text=text,
        language=language,
        content=content,
        words=(carrying := _set({*content})),
        function=_set({intern(token) for token in tokens if token in reader.function}),
        spoken=frozenset(map(intern, tokens)),
        reading=reading_of(heard, language) if language else UNREAD,
        numbers=numbers,
        identifiers=_set(identifiers),
        names=_set({stem(name.lower()) for name in _NAME.findall(original)} & carrying),
        units=_set({reader.units[token] for token in tokens if token in reader.units}),
        times=_set(_times(tokens, reader)),
        contrasts=_set({pair for token in tokens for pair in reader.contrasts.get(token, ())}),
        actions=_set({reader.actions[token] for token in tokens if token in reader.actions}),
        asks=_set({*_asked(text, tokens, reader)}),
        persons=_set({reader.persons[token] for token in tokens if token in reader.persons}),
        mood=_mood(tokens, reader),
        negations=sum(token in reader.negation for token in tokens),
        roles=_set({*_roles(tokens, language, reader)}),
    )


def _set(found: set[_T]) -> frozenset[_T]:
    """Most are empty, and each empty frozenset but this one takes 216 bytes."""
    return frozenset(found) if found else _NOTHING


def _figures(tokens: list[str]) -> tuple[tuple[str, ...], set[str]]:
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
    return tuple(sorted(numbers)), codes


def _times(tokens: list[str], reader: _Reader) -> set[str]:
    named = {*_named_times(tokens, reader)}
    return named.difference(*(_IMPLIED[half] for half in _IMPLIED.keys() & named))


def _named_times(tokens: list[str], reader: _Reader) -> Iterator[str]:
    for before, word in zip(["", *tokens], tokens, strict=False):
        if word in reader.times and (word not in ("am", "pm") or before[:1].isdigit()):
            yield reader.times[word]
        elif word == "may" and before in _BEFORE_MONTH:
            yield "may"


def _mood(tokens: list[str], reader: _Reader) -> str:
    first = tokens[0] if tokens else ""
    if first in reader.whether:
        return "whether"
    if first in reader.question or first in reader.asking or (first in _MODALS and tokens[1:2] != ["you"]):
        return "ask"
    return "state" if first in reader.function else "tell"


def _asked(text: str, tokens: list[str], reader: _Reader) -> Iterator[str]:
    found = [name for phrase, name in reader.phrases.items() if phrase in text]
    if found:
        yield from found
    else:
        yield from (reader.question[token] for token in tokens if token in reader.question)


def _roles(tokens: list[str], language: str, reader: _Reader) -> Iterator[tuple[str, str]]:
    for at, token in enumerate(tokens):
        if token in AFTER and language in ("hi", "hi_latn") and at:
            yield token, stem(tokens[at - 1])
        elif token in BEFORE:
            governed = next((word for word in tokens[at + 1 : at + 4] if word not in reader.function), "")
            if governed:
                yield token, stem(governed)
