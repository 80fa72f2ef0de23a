"""Word patterns of the kind tables, compiled to regular expressions.

A pattern is words, one after the other, or in their place:

    (a|b c)   one of these words or phrases       ^ $   start, end of the sentence
    [a|b]     the same, or nothing                ?     any word
    <name>    one of a set of the table           * **  up to four, up to twelve words
    word~     a word that begins so               #     a number, also within a word: d#
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

# Letters by which a word is looked up of which only the beginning is known.
_STEM = 3

_TOKEN = re.compile(r"[()\[\]|]|[^\s()\[\]|]+")
_PARTLY_KNOWN = re.compile("[~#]")
_WILD = {"?": r"\S+ ", "*": r"(?:\S+ ){0,4}?", "**": r"(?:\S+ ){0,12}?"}
# The dot under letters of Devanagari too, which many leave out.
_ACCENTS = re.compile("[\u0300-\u036f\u093c]")
# Letters and figures, and the vowel signs of Devanagari, which are neither to Python.
_NO_WORD = re.compile(r"[^\w\u0900-\u0963\u0970-\u097f]+|_+")
_ALIKE = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "\u0901": "\u0902"})
_SENTENCE_END = re.compile(r"[.?!…।॥;\n]+(?:\s+|$)")


def folded(text: str) -> str:
    """Lower case without accents, as people type: `ô` as `o`; Devanagari keeps its signs."""
    return _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold())).translate(_ALIKE)


def sentences(text: str) -> list[str]:
    """The words of each sentence, each word with a space after it.

    >>> sentences("Hi! What's the time?")
    ['hi ', 'what s the time ']
    """
    found = (_NO_WORD.sub(" ", part).strip() for part in _SENTENCE_END.split(folded(text)))
    return [f"{words} " for words in found if words]


def keys_of(sentence: str) -> set[str]:
    """Return the words of `sentence`, and the beginning of each, to compare with the keys of patterns."""
    words = sentence.split()
    return {*words, *(f"{word[:_STEM]}~" for word in words)}


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of an expression, and keys of which every match holds at least one; none: no such keys are known."""

    expression: str
    keys: frozenset[str] = frozenset()


Sets = Mapping[str, _Part]


def sets_of(table: Mapping[str, str]) -> Sets:
    """A set may name those before it."""
    sets: dict[str, _Part] = {}
    for name, text in table.items():
        sets[name] = _alternatives(iter(_TOKEN.findall(folded(text))), sets, closing="")
    return sets


class Pattern:
    """Compiled at the first use: a compilation takes milliseconds, and most patterns are never needed."""

    def __init__(self, text: str, sets: Sets) -> None:
        """Raises KeyError for an unknown set, ValueError for an open bracket or a pattern without a certain word."""
        part = _alternatives(iter(_TOKEN.findall(folded(text))), sets, closing="")
        if not part.keys:
            raise ValueError(f"no word is certain to be in {text!r}")
        self.keys = part.keys
        """Of a sentence without any of these nothing is found."""
        self._expression = ("" if text.startswith("^") else r"(?<!\S)") + part.expression

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """For what `sentences` returns."""
        return re.compile(self._expression).search

    def is_in(self, sentence: str, words: Set[str]) -> bool:
        """`words`: see `keys_of`."""
        return not self.keys.isdisjoint(words) and self.search(sentence) is not None


class Fillers:
    """Words of courtesy, which say nothing at the ends of a sentence."""

    def __init__(self, fillers: _Part) -> None:
        expression = fillers.expression
        self._start, self._end = re.compile(rf"\A{expression}+"), re.compile(rf"(?<!\S){expression}+\Z")

    def trimmed(self, sentence: str) -> str:
        return self._end.sub("", self._start.sub("", sentence))


def _alternatives(symbols: Iterator[str], sets: Sets, closing: str) -> _Part:
    branches: list[list[_Part]] = [[]]
    for symbol in symbols:
        if symbol == closing:
            break
        if symbol == "|":
            branches.append([])
        else:
            branches[-1].append(_part(symbol, symbols, sets))
    else:
        if closing:
            raise ValueError(f"no {closing} in a pattern")
    parts = [_sequence(branch, sets) for branch in branches]
    keys = frozenset().union(*(part.keys for part in parts)) if all(part.keys for part in parts) else frozenset()
    return _Part(f"(?:{'|'.join(part.expression for part in parts)})", keys)


def _sequence(parts: list[_Part], sets: Sets) -> _Part:
    known = [part.keys for part in parts if part.keys]
    common = sets["common"].keys if "common" in sets else frozenset()
    # Of two as rare the later: questions begin alike.
    best = min(reversed(known), key=lambda keys: (len(keys & common), len(keys)), default=frozenset[str]())
    return _Part("".join(part.expression for part in parts), best)


def _part(symbol: str, symbols: Iterator[str], sets: Sets) -> _Part:
    if symbol == "(":
        return _alternatives(symbols, sets, ")")
    if symbol == "[":
        return _Part(_alternatives(symbols, sets, "]").expression + "?")
    if symbol in ("^", "$"):
        return _Part(r"\A" if symbol == "^" else r"\Z")
    if symbol in _WILD:
        return _Part(_WILD[symbol])
    return sets[symbol[1:-1]] if symbol.startswith("<") else _word(symbol)


def _word(word: str) -> _Part:
    expression = re.escape(word).replace(r"\~", r"\S*").replace("~", r"\S*").replace(r"\#", r"\d+") + " "
    if not _PARTLY_KNOWN.search(word):
        return _Part(expression, frozenset([word]))
    stem = _PARTLY_KNOWN.split(word)[0][:_STEM]
    return _Part(expression, frozenset([f"{stem}~"]) if len(stem) == _STEM else frozenset())
