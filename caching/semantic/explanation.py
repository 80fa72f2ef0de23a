"""The differences between two questions that have no known, harmless explanation.

Shared words are no evidence about the words that differ: a word, a preposition, a time or an order that only one of
the two has, and that no rule of the lexicon explains, is reported, and the stored answer is not reused.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

from caching.semantic.text.lexicon import vocabulary, words
from caching.semantic.text.reading import Reading
from caching.semantic.text.stemming import inflected, misspelled

_QUANTIFIERS = frozenset(["all", "every", "each", "no", "not", "other", "only", "both", "another"])
_OF, _PLACE = frozenset(["of", "for"]), frozenset(["in", "on", "at"])
Held = frozenset[tuple[str, tuple[str, ...]]]
Compounded = tuple[tuple[str, ...], Held]


def unexplained(a: Reading, b: Reading) -> list[str]:
    """Name what differs without an explanation: words, times, owners, prepositions, order. Symmetric."""
    if a.language != b.language or not a.language:
        return ["language"]
    found = []
    if a.times != b.times:
        found.append("times")
    if a.owners and b.owners and a.owners != b.owners:
        found.append("owners")
    if a.bare == b.bare and a.held == b.held:
        return found
    if any(leftovers(a, b)):
        found.append("words")
    elif not _same_holders(a, b):
        found.append("prepositions")
    elif not _same_order(a, b):
        found.append("order")
    return found


def may_be_replaced(a: Reading, b: Reading, differences: Sequence[str]) -> bool:
    """Return True if words stand in the place of others, none of which decides everywhere.

    Never: modals, tenses, negations, quantifiers, restrictions, other persons, figures, acronyms.
    """
    if tuple(differences) != ("words",):
        return False
    decisive = _decisive(a.language) - _forms(a.language, "seldom_decisive") - words(a.language, "seldom_decisive")
    return not any(word in decisive or not word.islower() for word in itertools.chain(*leftovers(a, b)))


def may_be_weighed(a: Reading, b: Reading, differences: Sequence[str]) -> bool:
    """Return True if one question only says more than the other: no word stands in the place of another.

    Never weighed: modals, negations, quantifiers, persons, figures, acronyms, and what a preposition holds ("in Rome").
    """
    if tuple(differences) != ("words",):
        return False
    only_a, only_b = leftovers(a, b)
    decisive = _decisive(a.language)
    if any(word in decisive or word.endswith("+ed") or not word.islower() for word in (*only_a, *only_b)):
        return False
    if not _held(a).isdisjoint(only_a) or not _held(b).isdisjoint(only_b):
        return False
    grammar = _forms(a.language, "function") | _forms(a.language, "question_words")
    return grammar.issuperset(only_a) or grammar.issuperset(only_b)


def _held(reading: Reading) -> frozenset[str]:
    return frozenset(word for phrase in reading.held for word in phrase.words)


def leftovers(a: Reading, b: Reading) -> tuple[list[str], list[str]]:
    """The words of each without a partner in the other: the same, or the same misspelled."""
    only_a, only_b = [], b.words
    # Lists, since a question has a few words: two counters take four times as long.
    for word in a.words:
        if word in only_b:
            only_b.remove(word)
        else:
            only_a.append(word)
    known = vocabulary(a.language)
    for word in tuple(only_a):
        partner = next((other for other in only_b if misspelled(word, other) and not {word, other} <= known), None)
        if partner:
            only_a.remove(word)
            only_b.remove(partner)
    return only_a, only_b


def _same_holders(a: Reading, b: Reading) -> bool:
    """No phrase is held by "in" here and by "for" there; a loose preposition may be missing on one side."""
    loose, relational = words(a.language, "loose"), _forms(a.language, "relational")
    theirs = {phrase.words: phrase.holder for phrase in b.held}
    for phrase in a.held:
        other = theirs.get(phrase.words)
        if other is None or other == phrase.holder:
            continue
        kinds = (loose,) if phrase.after in relational else (_OF & loose, _PLACE & loose)
        if not any({other, phrase.holder} <= kind for kind in kinds):
            return False
    return True


def _same_order(a: Reading, b: Reading) -> bool:
    return any(_arranged_alike(_compounded(a, places), _compounded(b, places)) for places in (False, True))


def _arranged_alike(a: Compounded, b: Compounded) -> bool:
    (bare_a, held_a), (bare_b, held_b) = a, b
    if held_a == held_b:
        return bare_a == bare_b
    only_a, only_b = held_a - held_b, held_b - held_a
    if only_a and only_b:
        return False
    return _places_apart(only_a, bare_a, bare_b) if only_a else _places_apart(only_b, bare_b, bare_a)


def _places_apart(only: Held, bare: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """ "are all curtains in the hall open", "are all hall curtains open": a place, or what a thing has, in front."""
    rest = list(other)
    for holder, found in only:
        had = holder == "with" and len(found) > 1 and found[0].isdecimal()
        if {"and", "or"} & {*bare} or not (had or (holder in _PLACE and not any(map(_counts, found)))):
            return False
        starts = [at for at in range(len(rest)) if tuple(rest[at : at + len(found)]) == found]
        if not starts:
            return False
        del rest[starts[0] : starts[0] + len(found)]
    return tuple(rest) == bare


def _compounded(reading: Reading, places: bool) -> Compounded:
    """Put what "of" holds in front of the word that it belongs to: "the price of rice", "rice price".

    With `places` also where a held thing is: "on the timer in the kitchen", "on the kitchen timer". Figures and
    quantifiers stay where they are: "4 rooms" is not "a room for 4".
    """
    loose = words(reading.language, "loose") - _PLACE
    bare = list(reading.bare)
    held: list[tuple[str, list[str]]] = []
    for phrase in reading.held:
        place = next((found for _, found in reversed(held) if phrase.after in found), None)
        place = bare if place is None and phrase.after in bare else place
        belongs = phrase.holder in loose or (places and phrase.holder in _PLACE and place is not bare)
        if place is None or not belongs or any(map(_counts, phrase.words)):
            holder = "in" if phrase.holder in _PLACE & words(reading.language, "loose") else phrase.holder
            held.append((holder, list(phrase.words)))
        else:
            at = len(place) - 1 - place[::-1].index(phrase.after)
            place[at:at] = phrase.words
    if bare and bare[0] in _forms(reading.language, "giving"):
        held, receivers = [each for each in held if each[0] != "to"], [each for each in held if each[0] == "to"]
        bare[1:1] = [word for _, found in receivers for word in found]
    return tuple(bare), frozenset((holder, tuple(found)) for holder, found in held)


@cache
def _decisive(language: str) -> frozenset[str]:
    return words(language, "decisive") | _forms(language, "decisive")


@cache
def _forms(language: str, name: str) -> frozenset[str]:
    return frozenset(inflected(word, language) for word in words(language, name))


def _counts(word: str) -> bool:
    return word.isdecimal() or word in _QUANTIFIERS
