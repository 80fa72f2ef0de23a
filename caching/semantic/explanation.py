"""Whether every difference between two questions has a known, harmless explanation.

Shared words are no evidence about the words that differ: a word, a preposition, a time or an order that only one of
the two has, and that no rule of the lexicon explains, is reported, and the stored answer is not reused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from caching.semantic.text.lexicon import vocabulary, words
from caching.semantic.text.reading import Phrase, Reading
from caching.semantic.text.stemming import misspelled


def unexplained(a: Reading, b: Reading) -> list[str]:
    """Name what differs without an explanation: words, times, prepositions, order. Symmetric."""
    if a.language != b.language or not a.language:
        return ["language"]
    if a.bare == b.bare and a.held == b.held and a.times == b.times:
        return []
    found = []
    if a.times != b.times:
        found.append("times")
    one, other = leftovers(a, b)
    if one or other:
        found.append("words")
    elif not found or found == ["times"]:
        found += _attachments(a, b)
    return found


def leftovers(a: Reading, b: Reading) -> tuple[list[str], list[str]]:
    """The words of each without a partner in the other: the same, or the same misspelled."""
    count_a, count_b = Counter(a.words), Counter(b.words)
    only_a, only_b = list((count_a - count_b).elements()), list((count_b - count_a).elements())
    known = vocabulary(a.language)
    for word in tuple(only_a):
        partner = next((other for other in only_b if misspelled(word, other) and not {word, other} <= known), None)
        if partner:
            only_a.remove(word)
            only_b.remove(partner)
    return only_a, only_b


def _attachments(a: Reading, b: Reading) -> list[str]:
    """The same words: whether each is held by the same preposition and the rest stand in the same order."""
    loose = words(a.language, "loose")
    only_a, only_b = _without_common(a.held, b.held)
    if only_a and only_b:
        only_a, only_b = _without_alike(only_a, only_b, loose)
    if only_a and only_b:
        return ["prepositions"]
    if not only_a and not only_b:
        return [] if a.bare == b.bare else ["order"]
    more, bare, full = (only_a, a.bare, b.bare) if only_a else (only_b, b.bare, a.bare)
    return [] if _compounded(more, bare, loose) == full else ["order"]


def _without_common(a: Iterable[Phrase], b: Iterable[Phrase]) -> tuple[list[Phrase], list[Phrase]]:
    keyed_a = {(phrase.holder, phrase.words): phrase for phrase in a}
    keyed_b = {(phrase.holder, phrase.words): phrase for phrase in b}
    return (
        [phrase for key, phrase in keyed_a.items() if key not in keyed_b],
        [phrase for key, phrase in keyed_b.items() if key not in keyed_a],
    )


def _without_alike(a: list[Phrase], b: list[Phrase], loose: frozenset[str]) -> tuple[list[Phrase], list[Phrase]]:
    """ "the song of Adele", "the song by Adele" are not alike; "price of rice" and "price for rice" are."""
    rest_b = list(b)
    rest_a = []
    for phrase in a:
        partner = next(
            (other for other in rest_b if other.words == phrase.words and {other.holder, phrase.holder} <= loose), None
        )
        if partner:
            rest_b.remove(partner)
        else:
            rest_a.append(phrase)
    return rest_a, rest_b


def _compounded(more: list[Phrase], bare: tuple[str, ...], loose: frozenset[str]) -> tuple[str, ...] | None:
    """`bare` with each phrase in front of the word that it belongs to: "light in the kitchen" as "kitchen light"."""
    found = list(bare)
    for phrase in more:
        figures = any(word[:1].isdigit() for word in phrase.words)
        if phrase.holder not in loose or figures or phrase.after not in found:
            return None
        at = len(found) - 1 - found[::-1].index(phrase.after)
        found[at:at] = phrase.words
    return tuple(found)
