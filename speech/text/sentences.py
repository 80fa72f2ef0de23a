"""Text to sentences: where they end is in `boundaries`, which of them are long enough to be spoken alone is here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from caching.redaction import remember
from speech.text.boundaries import BoundaryFinder
from speech.text.quotations import Boundary

# Fewer ("1.", "A.", "!") are no sentence: a voice would speak them with a falling tone and a pause.
LEAST_LETTERS = 2

# The same texts are spoken over and over, and splitting one costs as much as reading its sound from the cache.
REMEMBERED_TEXTS = 1024
LONGEST_REMEMBERED = 1000

_ITEM_MARK = re.compile(r"\W*\d{0,3}[.)]?\s*")


def split(text: str, language: str) -> list[str]:
    """Return the sentences and lines of `text` (`language`: a BCP 47 tag), each with the white space behind it.

    Joined, they are `text.strip()`.
    """
    return list((_split_and_remember if len(text) <= LONGEST_REMEMBERED else _split)(text, language))


def _split(text: str, language: str) -> tuple[str, ...]:
    stream = SentenceStream(language)
    return (*stream.feed(text), *stream.finish())


_split_and_remember = remember(REMEMBERED_TEXTS)(_split)


class SentenceStream:
    """The sentences of a text that is still being written: the same as `split` finds, however the text is cut up.

    A sentence is given out when two letters of the next one have come. The work grows with the length of the text.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._start()

    def _start(self) -> None:
        self._finder = BoundaryFinder(self._language)
        self._held, self._held_line = "", False  # complete, but what follows may be too short to stand alone
        self._parts: list[str] = []  # the beginning of a long sentence, no longer looked at
        self._begin = 0
        self._letters = _Letters()

    def feed(self, text: str) -> list[str]:
        """Return the sentences that are certain by now."""
        finder = self._finder
        finder.text = finder.text + text if finder.text or self._parts else text.lstrip()
        sentences = list(self._cut(finder.find(final=False)))
        if self._stands_alone() and self._held:
            sentences.append(self._held)
            self._held = ""
        self._forget()
        return sentences

    def finish(self) -> list[str]:
        """Return the last sentences; the stream is empty again."""
        sentences = list(self._cut(self._finder.find(final=True)))
        stands_alone = self._stands_alone()
        rest = self._piece(len(self._finder.text))
        alone = stands_alone or (self._held_line and _is_line(rest))
        last = [self._held, rest] if alone else [self._held + rest]
        self._start()
        last[-1] = last[-1].rstrip()
        return [sentence for sentence in [*sentences, *last] if sentence]

    def _cut(self, boundaries: list[Boundary]) -> Iterator[str]:
        for end, of_line in boundaries:
            letters = self._letters.before(end, self._finder.text)
            if letters >= LEAST_LETTERS or (of_line and (letters or _is_line(self._piece(end, peek=True)))):
                if self._held:
                    yield self._held
                self._held, self._held_line = self._piece(end), of_line
                self._letters = _Letters(end)

    def _piece(self, end: int, *, peek: bool = False) -> str:
        piece = "".join([*self._parts, self._finder.text[self._begin : end]])
        if not peek:
            self._parts, self._begin = [], end
        return piece

    def _stands_alone(self) -> bool:
        least = 1 if self._held_line else LEAST_LETTERS
        return self._letters.before(len(self._finder.text), self._finder.text) >= least

    def _forget(self) -> None:
        finder = self._finder
        count = finder.needed_from
        if count > self._begin:
            self._parts.append(finder.text[self._begin : count])
        self._begin = max(0, self._begin - count)
        finder.drop(count)
        self._letters.drop(count)


class _Letters:
    """The first letters of a piece, and the marks that make up Indic syllables: each character is looked at once."""

    def __init__(self, begin: int = 0) -> None:
        self._found: list[int] = []
        self._seen = begin

    def before(self, end: int, text: str) -> int:
        """Return their number before `end`, at most LEAST_LETTERS."""
        while self._seen < end and len(self._found) < LEAST_LETTERS:
            if unicodedata.category(text[self._seen])[0] in "LM":
                self._found.append(self._seen)
            self._seen += 1
        return sum(at < end for at in self._found)

    def drop(self, count: int) -> None:
        self._found = [at - count for at in self._found]
        self._seen -= count


def _is_line(piece: str) -> bool:
    """Return True if a line without letters is spoken: it holds a figure that is no item number."""
    line = piece.strip()
    return any(map(str.isdigit, line)) and not (line.endswith((".", ")")) and _ITEM_MARK.fullmatch(line))
