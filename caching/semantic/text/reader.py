"""Decide from a text's characters whether it is an utterance: one to three sentences that can be read word by word.

Only utterances enter the semantic tier. Everything else is matched by its exact text: line breaks, a payload after a
colon or in quotes, code, operators, superscripts, addresses, words that are talked about ("spell", "translate"), and a
context before a question.

>>> [token.text for token in read("What's the weather in Paris at 7:30 p.m.?").tokens]
["What's", 'the', 'weather', 'in', 'Paris', 'at', '7:30', 'p.m.', '?']
>>> unread = ["is O+ safe", "x²", "a: b", 'he said "no"', "what is 5!", "a/b", "see example.com", "how do you spell no",
...     "The hall opened in 1931. When was it repaired?", "one\\ntwo", "what is .5", "minus –40"]
>>> any(map(read, unread))
False
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from caching.redaction import remember
from caching.semantic.text.language import language_of
from caching.semantic.text.lexicon import codes, phrases, vocabulary, words

MAX_WORDS, MAX_SENTENCES = 40, 3
# Soft hyphen, zero-width space, word joiner, byte order mark: neither seen nor meant.
_INVISIBLE = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_LOOK_ALIKE = str.maketrans({"’": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " "})
# Letters with their vowel signs and accents: `\w` has no combining marks, which Indic scripts write vowels with.
_MARKS = (
    r"\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0903\u093a-\u0963\u0971-\u0dff\u0e31-\u0e4e\u200c\u200d"
)
LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
_PIECE = re.compile(
    rf"(?P<space>[ ]+)"
    rf"|(?P<word>(?:[A-Za-z]\.){{2,}}|[ap]\.m(?!\w)|{LETTER}(?:{LETTER}|\d)*(?:['-](?:{LETTER}|\d)+)*(?:(?<=s)')?)"
    rf"|(?P<number>-?\d+(?:[.,:]\d+| : [0-5]\d(?!\d))*{LETTER}*)"
    r"|(?P<sign>[%°$₹€£¥])"
    r"|(?P<end>[.!?。？！।॥؟]+)|(?P<pause>[,;、،¿¡])"
)
_BEFORE_COMMANDS = frozenset(["please", "you", "to", "and", "then", "me", "just", "now", "i"])
# Full-width marks of Chinese and Japanese; every other compatibility character is something else than it seems.
_ONE_CHARACTER = frozenset("。？！")
_HALF_DAYS = frozenset(["a.m", "p.m", "a.m.", "p.m."])
_ABBREVIATIONS = frozenset(["dr", "mr", "mrs", "ms", "st"])


class Token(NamedTuple):
    text: str
    kind: str
    """word, number, sign, end or pause."""


@dataclass(frozen=True, slots=True)
class TokenizedText:
    language: str
    """Code of a lexicon; "" where the language is not known, or not for sure."""
    tokens: tuple[Token, ...]


@remember(2048)
def read(text: str) -> TokenizedText | None:
    """Return the tokens of an utterance as they were written, in NFC; None for anything else."""
    tokens = _tokens(composed(text))
    if not tokens or not _is_plain(tokens):
        return None
    sentences = _sentences(tokens)
    spoken = [token.text.lower() for token in tokens if token.kind in ("word", "number")]
    if not spoken or len(spoken) > MAX_WORDS or len(sentences) > MAX_SENTENCES:
        return None
    language = language_of(spoken)
    if _talks_about_words(spoken, language) or _has_context(sentences, language):
        return None
    return TokenizedText(language, tuple(tokens))


def composed(text: str) -> str:
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text.translate(_INVISIBLE)).translate(_LOOK_ALIKE).strip()


def _tokens(text: str) -> list[Token]:
    """Empty where a character is none of an utterance's."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None or len(found) > 2 * MAX_WORDS:
            return []
        if (kind := piece.lastgroup) != "space" and kind:
            if kind in ("word", "number") and at and text[at - 1].isalnum():
                return []
            found.append(Token(piece[0].replace(" : ", ":"), kind))
        at = piece.end()
        if kind in ("end", "pause") and at < len(text) and text[at] != " " and piece[0] not in "¿¡、。":
            return []
    return found


def _is_plain(tokens: list[Token]) -> bool:
    """False for signs away from figures, "5!", and characters that only look like others."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        text, kind = token.text, token.kind
        if kind == "sign" and text in "%°" and (before is None or before.kind != "number"):
            return False
        if kind == "end" and (before is None or ("!" in text and before.kind != "word") or len(set(text)) > 2):
            return False
        if kind == "end" and text.startswith(".."):
            return False
        if not text.isascii() and not _ONE_CHARACTER.issuperset(text) and unicodedata.normalize("NFKC", text) != text:
            return False
    return all(
        token.text in "%°" or any(near.kind == "number" for near in tokens[max(0, at - 1) : at + 2])
        for at, token in enumerate(tokens)
        if token.kind == "sign"
    )


def _sentences(tokens: list[Token]) -> list[list[Token]]:
    """Each with its final mark."""
    found: list[list[Token]] = [[]]
    for at, token in enumerate(tokens):
        found[-1].append(token)
        if token.kind == "end" and not (token.text == "." and _goes_on(tokens, at)):
            found.append([])
    return [sentence for sentence in found if sentence]


def _goes_on(tokens: list[Token], at: int) -> bool:
    """Return True if the full stop at `at` is that of an abbreviation: "dr. Rao", "7 a.m. on Monday"."""
    before, after = tokens[at - 1].text.lower(), tokens[at + 1].text if at + 1 < len(tokens) else ""
    return before in _ABBREVIATIONS or (before in _HALF_DAYS and after.islower())


def _talks_about_words(spoken: list[str], language: str) -> bool:
    """ "translate", "spell", "how many letters": any word may be the subject, so none may be folded."""
    if language:
        spoken = spoken[_asking_length(spoken, language) :]
    if not _mentions(language).isdisjoint(spoken):
        return True
    commanding = words(language, "mention_commands") if language else frozenset[str]()
    if any(word in commanding and (not at or spoken[at - 1] in _BEFORE_COMMANDS) for at, word in enumerate(spoken)):
        return True
    text = f" {' '.join(spoken)} "
    return any(f" {phrase} " in text for phrase in phrases("en", "mention_phrases"))


def _asking_length(spoken: list[str], language: str) -> int:
    """Return how many words in front only ask for the question behind them: "peux-tu me dire où", unlike "dire où"."""
    for phrase in _asking(language).get(spoken[0], ()):
        after = len(phrase)
        if spoken[:after] == phrase and not words(language, "question_words").isdisjoint(spoken[after : after + 2]):
            return after
    return 0


@cache
def _asking(language: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for phrase in (*phrases(language, "asking"), *phrases(language, "telling")):
        split = phrase.lower().split()
        found.setdefault(split[0], []).append(split)
    return found


@cache
def _mentions(language: str) -> frozenset[str]:
    """Return words of every language that mention a word, but for ordinary words of this language."""
    own = words(language, "mentions") if language else frozenset[str]()
    ordinary = (vocabulary(language) if language else frozenset[str]()) - own
    return own | (frozenset[str]().union(*(words(code, "mentions") for code in codes())) - ordinary)


def _has_context(sentences: list[list[Token]], language: str) -> bool:
    """A sentence that asks nothing and is about neither speaker nor listener, before another one: "The hall opened."""
    if len(sentences) == 1:
        return False
    speakers: frozenset[str] = words(language, "speakers") if language else frozenset()
    for sentence in sentences[:-1]:
        spoken = [token.text.lower().partition("'")[0] for token in sentence if token.kind in ("word", "number")]
        if len(spoken) > 3 and "?" not in sentence[-1].text and speakers.isdisjoint(spoken):
            return True
    return False
