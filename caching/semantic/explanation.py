"""The differences between two questions that have no known, harmless explanation.

Shared words are no evidence about the words that differ: a word, a preposition, a time or an order that only one of
the two has, and that no rule of the lexicon explains, is reported, and the stored answer is not reused.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache

from caching.semantic.text.articles import disagree
from caching.semantic.text.lexicon import vocabulary, words
from caching.semantic.text.reading import Reading
from caching.semantic.text.stemming import forms, inflected, misspelled
from caching.semantic.word_order import same_order

# Prepositions that never say the same, whatever the verb: "transfer to my card" and "with my card".
_OPPOSED = tuple(
    map(
        frozenset,
        (
            ("from", "to"), ("to", "with"), ("with", "without"), ("before", "after"), ("until", "from"),
            ("over", "under"), ("until", "after"), ("since", "until"), ("into", "from"), ("for", "against"),
        ),
    )
)  # fmt: skip
_PLACE = frozenset(["in", "on", "at"])


def unexplained(a: Reading, b: Reading) -> list[str]:
    """Name what differs without an explanation: words, times, owners, names, articles, prepositions, order, whether it
    is asked if there is something, or what it is, and if nothing else differs the question mark. Symmetric.
    """
    if a.language != b.language or not a.language:
        return ["language"]
    found = [*_outside_phrases(a, b), *_in_phrases(a, b)]
    return found or (["question mark"] if a.asks != b.asks else [])


def _outside_phrases(a: Reading, b: Reading) -> list[str]:
    found = []
    if a.times != b.times:
        found.append("times")
    if a.owners and b.owners and a.owners != b.owners:
        found.append("owners")
    if a.asked and b.asked and a.asked.isdisjoint(b.asked):
        found.append("asked")
    if a.names != b.names and _other_names(a, b):
        found.append("names")
    if disagree(a.articles, b.articles):
        found.append("articles")
    return found


def _in_phrases(a: Reading, b: Reading) -> list[str]:
    if a.bare == b.bare and a.held == b.held:
        return []
    found = []
    have_same_words = not any(leftovers(a, b))
    if not have_same_words:
        found.append("words")
    if not _same_holders(a, b, strictly=have_same_words):
        found.append("prepositions")
    elif have_same_words and not same_order(a, b):
        found.append("order")
    return found


def may_be_replaced(a: Reading, b: Reading, differences: Sequence[str]) -> bool:
    """Return True if words stand in the place of others, none of which decides everywhere.

    Never: modals, tenses, negations, quantifiers, restrictions, other persons, figures, acronyms.
    """
    if tuple(differences) != ("words",):
        return False
    decisive = _decisive(a.language) - forms(a.language, "seldom_decisive") - words(a.language, "seldom_decisive")
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
    grammar = forms(a.language, "function") | forms(a.language, "question_words")
    return grammar.issuperset(only_a) or grammar.issuperset(only_b)


def _other_names(a: Reading, b: Reading) -> bool:
    """ "Adams" is not "Adam", though of other words one form is read as the other."""
    theirs = {inflected(name, b.language): name for name in b.names}
    return any(theirs.get(inflected(name, a.language), name) != name for name in a.names - b.names)


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
        # Most words differ in their first letter: no call for those.
        near = (other for other in only_b if other[0] == word[0] and misspelled(word, other, a.language))
        partner = next((other for other in near if not {word, other} <= known), None)
        if partner:
            only_a.remove(word)
            only_b.remove(partner)
    return only_a, only_b


def _same_holders(a: Reading, b: Reading, *, strictly: bool) -> bool:
    """No phrase is held by "in" here and by "for" there; a loose preposition may be missing on one side.

    Beside another verb another preposition may say the same, unless the two are opposed or stand before a figure.
    """
    loose = words(a.language, "loose")
    relational, topics = forms(a.language, "relational"), forms(a.language, "topics")
    surfaces = forms(a.language, "surfaces")
    theirs = {phrase.words: phrase.holder for phrase in b.held}
    for phrase in a.held:
        other = theirs.get(phrase.words)
        if other is None or other == phrase.holder:
            continue
        if not strictly and {other, phrase.holder} not in _OPPOSED and not any(map(str.isdecimal, phrase.words)):
            continue
        place = _PLACE & loose if phrase.after not in topics else frozenset[str]()
        # "On the box" is not in it. "List" is read as the start of something new.
        if "on" in (phrase.holder, other) and surfaces.isdisjoint((*phrase.words, phrase.behind)):
            place = frozenset()
        if not {other, phrase.holder} <= (loose if phrase.after in relational else place):
            return False
    return True


@cache
def _decisive(language: str) -> frozenset[str]:
    return words(language, "decisive") | forms(language, "decisive")
