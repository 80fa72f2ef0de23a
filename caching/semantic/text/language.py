"""The language of a short utterance, by the words that its lexicon knows; "" unless it is plain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from caching.semantic.text.lexicon import codes, vocabulary, words
from caching.semantic.text.stemming import stem

_LEAST_SHARE = 0.5
"""Share of the words that the lexicon must know (measured: see docs/semantic.md)."""


def language_of(tokens: Sequence[str]) -> str:
    """Return the code of the lexicon that knows most of these words, in lower case; "" on a tie or below a half."""
    found = [token for token in tokens if token[0].isalpha()]
    if any("\u0900" <= token[0] <= "\u097f" for token in found):
        return "hi"
    if not found or not all("a" <= token[0] <= "\u024f" for token in found):
        return ""
    if _is_hinglish(found):
        return "hi_latn"
    (best, grammar, code), (second, less, _) = sorted((_score(code, found) for code in _latin()), reverse=True)[:2]
    return code if best >= _LEAST_SHARE * len(found) and (best, grammar) > (second, less) else ""


@cache
def _latin() -> tuple[str, ...]:
    return tuple(code for code in codes() if code not in ("hi", "hi_latn"))


def _is_hinglish(tokens: Sequence[str]) -> bool:
    """It borrows most of its words from English: a few of its own suffice."""
    markers, weak = words("hi_latn", "markers"), words("hi_latn", "weak_markers")
    marked = sum(2 if token in markers else token in weak for token in tokens)
    return marked >= 2 and marked * 6 >= len(tokens)


def _score(code: str, tokens: Sequence[str]) -> tuple[int, int, str]:
    """How many words the lexicon knows, and how many of them are function words."""
    function, known = words(code, "function"), vocabulary(code)
    grammar = sum(token.partition("'")[0] in function for token in tokens)
    whole = sum(_knows(known, token) for token in tokens)
    return (whole, grammar, code) if grammar or code == "en" else (0, 0, code)


def _knows(known: frozenset[str], token: str) -> bool:
    return token in known or token.partition("'")[0] in known or stem(token) in known
