"""Text to sentences.

The boundaries are those of `sentencex`, asked as Pipecat asks it: with the text up to the first letter behind the
full stop. So a bot that splits its own text and one that leaves it to us share their cache entries. What is corrected
here are Indian abbreviations, which it takes for ends, and pieces too short to be spoken alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import sentencex

LEAST_LETTERS = 2
"""Fewer ("1.", "A.", "!") are no sentence: a voice would speak them with a falling tone and a pause."""

REMEMBERED_TEXTS = 1024
"""The same texts are spoken over and over, and splitting one costs as much as reading its sound from the cache."""
LONGEST_REMEMBERED = 1000

CONTEXT = 500
"""Characters before a full stop that are looked at: bounds the work on text without any sentence."""

# Where a sentence may end: full stops with the brackets and quotes that close there, or an empty line; then what opens
# the next one, up to its first character. Possessive: "…." could otherwise end after its first dot where a chunk ended.
# Begun only where a run begins: a run of 20,000 dots would otherwise take 20,000 tries.
_FULL_STOP = "[.!?…‽।॥。．！？؟۔።᙮]"
_CANDIDATE = re.compile(
    rf"(?:(?<!{_FULL_STOP}){_FULL_STOP}++[\"'”’»)\]}}]*+\s*+|(?<=\S)[^\S\n]*+\n[^\S\n]*+\n\s*+)(?=([\"'“‘«(\[{{]*+\S))"
)

# What sentencex 1.0.32 takes for the end of a sentence although it stands before a name or a number.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])"
    r"(?:डॉ|डा|श्री|श्रीमती|सुश्री|कु|प्रो|पं|रु|रू|नं|क्र|सं|मो|पृ|उदा|इंजी|स्व|कि\.मी|मि"  # Hindi and Marathi
    r"|ডা|ড|মোঃ|নং|রু|প্রো|டாக்டர்|ரூ|திரு|எண்|డా|రూ|శ్రీ|నం|ಡಾ|ರೂ|ಶ್ರೀ|ನಂ|ഡോ|രൂ|ശ്രീ|ડૉ|ડો|રૂ|શ્રી|નં|ਡਾ|ਰੁ|ਸ਼੍ਰੀ"
    r"|Ms|Mx|Smt|Km|Kum|Sh|Shri|Tmt|Thiru|Rs|Re|Pt|Adv|Er|Lt|Dy|Jt|Govt|Regd|Ph|Tel|Mob|Opp|Nr|Extn|Apt|Acct"
    r"|[Aa]ppt|[Aa]pprox)\.$"
)

_CLAUSE = re.compile(r"(?s).+?(?:[,;:،؛–—]\s+|[、，；：]|\Z)")
_WORD = re.compile(r"(?s).+?(?:\s+|\Z)")
_JOINERS = "\u200c\u200d"
_LONGEST_CLUSTER = 32


def split(text: str, language: str) -> list[str]:
    """The sentences of `text` (`language`: a BCP 47 tag), each with the white space behind it.

    Joined, they are `text.strip()`.
    """
    return list((_split_and_remember if len(text) <= LONGEST_REMEMBERED else _split)(text, language))


def _split(text: str, language: str) -> tuple[str, ...]:
    stream = SentenceStream(language)
    return (*stream.feed(text), *stream.finish())


_split_and_remember = lru_cache(REMEMBERED_TEXTS)(_split)


def pack(text: str, language: str, limit: int) -> list[str]:
    """The text in as few pieces of at most `limit` characters as its sentences allow, without white space at the ends.

    A sentence over the limit is cut behind clauses, a clause between words, a word between syllables as written.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    parts = [part for sentence in split(text, language) for part in _fit(sentence, limit, (_CLAUSE, _WORD))]
    return [piece.strip() for piece in _fill(parts, limit)]


class SentenceStream:
    """The sentences of a text that is still being written: the same as `split` finds, however the text is cut up.

    A sentence is given out when two letters of the next one have come.
    """

    def __init__(self, language: str) -> None:
        self._language = language.partition("-")[0].lower() or "en"
        self._held = ""  # complete, but what follows may be too short to stand alone
        self._rest = ""
        self._seen = 0  # up to here, `_rest` has no boundary
        self._letters = 0  # and this many letters

    def feed(self, text: str) -> list[str]:
        """The sentences that are certain by now."""
        self._rest = self._rest + text if self._rest else text.lstrip()
        return list(self._cut())

    def finish(self) -> list[str]:
        """The last sentences; the stream is empty again."""
        last = [self._held, self._rest] if self._stands_alone() else [self._held + self._rest]
        self._held = ""
        self._start("")
        last[-1] = last[-1].rstrip()
        return [sentence for sentence in last if sentence]

    def _start(self, rest: str) -> None:
        self._rest, self._seen, self._letters = rest, 0, 0

    def _cut(self) -> Iterator[str]:
        while match := _CANDIDATE.search(self._rest, self._seen):
            self._letters += _letters(self._rest[self._seen : match.end()])
            self._seen = match.end()
            if self._letters >= LEAST_LETTERS and self._is_boundary(match):
                if self._held:
                    yield self._held
                self._held = self._rest[: match.end()]
                self._start(self._rest[match.end() :])
        if self._held and self._stands_alone():
            yield self._held
            self._held = ""

    def _stands_alone(self) -> bool:
        return self._letters + _letters(self._rest[self._seen :]) >= LEAST_LETTERS

    def _is_boundary(self, match: re.Match[str]) -> bool:
        if match[0].count("\n") > 1:
            return True
        start = max(0, match.start() - CONTEXT)
        if _ABBREVIATION.search(self._rest, start, match.start() + 1):
            return False
        last: str = list(sentencex.segment(self._language, self._rest[start : match.end(1)]))[-1]
        return len(last) < match.end(1) - match.start()


def _letters(text: str) -> int:
    """Letters of any script, and the marks that make up Indic syllables."""
    return sum(unicodedata.category(character)[0] in "LM" for character in text)


def _fit(text: str, limit: int, cuts: tuple[re.Pattern[str], ...]) -> list[str]:
    """Parts of at most `limit` characters, not counting white space at the end, that joined are `text`."""
    if len(text.rstrip()) <= limit:
        return [text]
    if not cuts:
        return _cut_word(text, limit)
    return _fill([part for whole in cuts[0].findall(text) for part in _fit(whole, limit, cuts[1:])], limit)


def _fill(parts: list[str], limit: int) -> list[str]:
    """The parts in order, as many together as the limit lets in."""
    pieces: list[str] = []
    for part in parts:
        if pieces and len((pieces[-1] + part).rstrip()) <= limit:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def _cut_word(text: str, limit: int) -> list[str]:
    parts, start = [], 0
    while len(text) - start > limit:
        most = start + limit
        least = max(start, most - _LONGEST_CLUSTER)
        end = next((at for at in range(most, least, -1) if not _is_inside_cluster(text, at)), most)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def _is_inside_cluster(text: str, at: int) -> bool:
    """Whether what a reader takes for one character would be cut before `text[at]`: marks, conjuncts, joined emoji."""
    before, after = text[at - 1], text[at]
    is_virama = unicodedata.combining(before) == 9
    is_skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return is_virama or before in _JOINERS or after in _JOINERS or is_skin_tone or unicodedata.category(after)[0] == "M"
