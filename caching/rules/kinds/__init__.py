"""Kinds of questions whose answers are not to be reused: they depend on the moment, or on chance.

One TOML file per language. The folder is the registry: the file's name is the language's code. A sentence is of a kind
where a pattern of `asks` is found in it, and none of `except` nor of the language's `about`, which talks about a thing
and does not ask for it: "history of dice", "translate: what time is it".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from caching.redaction import remember
from caching.rules.kinds._patterns import Fillers, Pattern, keys_of, sentences, sets_of

Kind = Literal["moment", "chance"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# A longer text is a document with a question on it.
MAX_CHARACTERS = 1000
# The last ones of a text: a question stands at its end.
_MAX_SENTENCES = 3
_REMEMBERED = 4096
# A quotation, or a payload after a colon, is talked about; "7:30" is neither.
_QUOTED = re.compile(r"[\"“”„«»`]|(?<!\w)'\w[^']*'(?!\w)|:(?!\d)\s*\S")


class LanguagePatterns:
    """One language. Raises KeyError or ValueError where its file has an error."""

    def __init__(self, language: str) -> None:
        path = Path(__file__).with_name(f"{language}.toml")
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        sets = sets_of(table["sets"])
        self.fillers = Fillers(sets["fillers"])
        self.about = [Pattern(text, sets) for text in table["about"]]
        self.asks: list[Ask] = []
        for kind in KINDS:
            exceptions = [Pattern(text, sets) for text in table[kind]["except"]]
            self.asks += [Ask(kind, self, Pattern(text, sets), exceptions) for text in table[kind]["asks"]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A pattern of a kind, and those that speak against it."""

    kind: Kind
    table: LanguagePatterns
    pattern: Pattern
    exceptions: Sequence[Pattern]


def languages() -> list[str]:
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def kinds_of(text: str) -> frozenset[Kind]:
    """The kinds of a question, in whatever readable language it is."""
    return _kinds_of(text) if len(text) <= MAX_CHARACTERS else frozenset()


@remember(_REMEMBERED)
def _kinds_of(text: str) -> frozenset[Kind]:
    if _QUOTED.search(text):
        return frozenset()
    return frozenset(chain.from_iterable(map(_kinds_of_sentence, sentences(text)[-_MAX_SENTENCES:])))


def _kinds_of_sentence(sentence: str) -> set[Kind]:
    words = keys_of(sentence)
    index, found, trimmed = _index(), set[Kind](), dict[LanguagePatterns, str]()
    for ask in chain.from_iterable(index[word] for word in words & index.keys()):
        if ask.kind in found:
            continue
        if ask.table not in trimmed:
            trimmed[ask.table] = ask.table.fillers.trimmed(sentence)
        asked = trimmed[ask.table]
        if ask.pattern.search(asked) and not any(each.is_in(asked, words) for each in ask.exceptions):
            found.add(ask.kind)
    # Languages share words, so one may take for a question what is no question in another.
    return set() if found and any(_is_about(table, sentence, words) for table in _tables()) else found


def _is_about(table: LanguagePatterns, sentence: str, words: Set[str]) -> bool:
    asked = table.fillers.trimmed(sentence)
    return any(each.is_in(asked, words) for each in table.about)


@cache
def _tables() -> list[LanguagePatterns]:
    return [LanguagePatterns(language) for language in languages()]


@cache
def _index() -> Mapping[str, list[Ask]]:
    """Patterns of all languages by a word that they need."""
    index: dict[str, list[Ask]] = {}
    for ask in chain.from_iterable(table.asks for table in _tables()):
        for key in ask.pattern.keys:
            index.setdefault(key, []).append(ask)
    return index
