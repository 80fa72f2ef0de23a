"""Text to sentences.

The boundaries are those of `sentencex`, asked as Pipecat asks it: with the text up to the first letter behind the
full stop. So a bot that splits its own text and one that leaves it to us share their cache entries. What is corrected
here are Indian abbreviations, which it takes for ends, and pieces too short to be spoken alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import sentencex

LEAST_LETTERS = 2
"""Fewer ("1.", "A.", "!") are no sentence: a voice would speak them with a falling tone and a pause."""

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
    r"|Smt|Km|Kum|Sh|Shri|Rs|Re|Pt|Adv|Er|Lt|Regd|Ph|Mob|Opp|Nr|Extn)\.\s*$"
)


def split(text: str, language: str) -> list[str]:
    """The sentences of `text` (`language`: a BCP 47 tag), each with the white space behind it.

    Joined, they are `text.strip()`.
    """
    stream = SentenceStream(language)
    return [*stream.feed(text), *stream.finish()]


class SentenceStream:
    """The sentences of a text that is still being written: the same as `split` finds, however the text is cut up.

    A sentence is given out when two letters of the next one have come.
    """

    def __init__(self, language: str) -> None:
        self._language = language.partition("-")[0].lower() or "en"
        self._held = ""  # complete, but what follows may be too short to stand alone
        self._rest = ""
        self._seen = 0  # candidates before it are no boundaries

    def feed(self, text: str) -> list[str]:
        """The sentences that are certain by now."""
        self._rest = self._rest + text if self._rest else text.lstrip()
        return list(self._cut())

    def finish(self) -> list[str]:
        """The last sentences; the stream is empty again."""
        last = [self._held + self._rest] if _letters(self._rest) < LEAST_LETTERS else [self._held, self._rest]
        self._held, self._rest, self._seen = "", "", 0
        last[-1] = last[-1].rstrip()
        return [sentence for sentence in last if sentence]

    def _cut(self) -> Iterator[str]:
        while match := _CANDIDATE.search(self._rest, self._seen):
            self._seen = match.end()
            if self._is_boundary(match):
                if self._held:
                    yield self._held
                self._held, self._rest, self._seen = self._rest[: match.end()], self._rest[match.end() :], 0
        if self._held and _letters(self._rest) >= LEAST_LETTERS:
            yield self._held
            self._held = ""

    def _is_boundary(self, match: re.Match[str]) -> bool:
        sentence = self._rest[: match.end()]
        if _letters(sentence) < LEAST_LETTERS:
            return False
        if match[0].count("\n") > 1:
            return True
        if _ABBREVIATION.search(sentence):
            return False
        seen = self._rest[max(0, match.end() - CONTEXT) : match.end(1)]
        last: str = list(sentencex.segment(self._language, seen))[-1]
        return len(last) < match.end(1) - match.start()


def _letters(text: str) -> int:
    """Letters of any script, and the marks that make up Indic syllables."""
    return sum(unicodedata.category(character)[0] in "LM" for character in text)
