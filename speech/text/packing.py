"""Text to pieces that an engine takes in one request."""

from __future__ import annotations

import re
import unicodedata

from speech.text.sentences import split

_CLAUSE = re.compile(r"(?s).+?(?:[,;:،؛–—]\s+|[、，；：]|\Z)")
_WORD = re.compile(r"(?s).+?(?:\s+|\Z)")
_VOWELS_IN_FRONT = "เแโใไເແໂໃໄ"  # written before the consonant that they follow in speech
_JOINERS = "\u200c\u200d"
_JOINS_NEXT = _JOINERS + _VOWELS_IN_FRONT
_LONGEST_CLUSTER = 32


def pack(text: str, language: str, limit: int) -> list[str]:
    """Return `text` in as few pieces of at most `limit` characters as its sentences allow, without white space around.

    A sentence over the limit is cut after clauses, a clause between words, a word between syllables as written.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if len(text.rstrip()) <= limit:
        return [text.strip()] if text.strip() else []
    parts = [part for sentence in split(text, language) for part in _fit(sentence, limit, (_CLAUSE, _WORD))]
    return [piece.strip() for piece in _fill(parts, limit)]


def _fit(text: str, limit: int, cuts: tuple[re.Pattern[str], ...]) -> list[str]:
    """Return parts of at most `limit` characters, not counting white space at the end, that joined are `text`."""
    if len(text.rstrip()) <= limit:
        return [text]
    if not cuts:
        return _cut_word(text, limit)
    return _fill([part for whole in cuts[0].findall(text) for part in _fit(whole, limit, cuts[1:])], limit)


def _fill(parts: list[str], limit: int) -> list[str]:
    """Return the parts in order, as many together as the limit lets in."""
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
        end = next((at for at in range(most, least, -1) if not is_inside_cluster(text, at)), most)
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]]


def is_inside_cluster(text: str, at: int) -> bool:
    """Return True if `text[at]` continues a grapheme cluster: marks, conjuncts, joined emoji, Thai and Lao vowels."""
    before, after = text[at - 1], text[at]
    is_virama = unicodedata.combining(before) == 9
    is_skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    is_mark = unicodedata.category(after)[0] == "M"
    return is_virama or is_mark or is_skin_tone or before in _JOINS_NEXT or after in _JOINERS
