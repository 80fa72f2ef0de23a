"""Clauses that say nothing of their own: "Can you find one?", "a movie to watch", "what the price is".

>>> in_plain_order("what the price of rice is".split(), "en")
['what', 'is', 'the', 'price', 'of', 'rice']
>>> without_purpose("a movie that i can watch online".split(), "en")
['a', 'movie', 'online']
>>> without_now("make a payment right now".split(), "en"), without_now("the shops open now".split(), "en")
(['make', 'a', 'payment'], ['the', 'shops', 'open', 'now'])
>>> asks_for_the_same("1".split(), "en")
True
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from caching.semantic.text.lexicon import phrases, table, words

# Before a title, of which "now" may be a part; and what is so now, not for ever.
_TITLED, _STATES = frozenset(["play", "read", "find", "show"]), frozenset(["is", "are", "was", "open", "available"])


def in_plain_order(sentence: list[str], language: str) -> list[str]:
    """An embedded question as it would be asked: "what the price is", "what is the price"."""
    if len(sentence) < 4 or sentence[0] != "what" or sentence[1] not in _determiners(language):
        return sentence
    verb = next((at for at, word in enumerate(sentence) if at > 2 and word in ("is", "are", "was", "were")), 0)
    if not verb:
        return sentence
    return ["what", sentence[verb], *sentence[1:verb], *sentence[verb + 1 :]]


@cache
def _determiners(language: str) -> frozenset[str]:
    return words(language, "articles") | words(language, "owners")


def asks_for_the_same(rest: Sequence[str], language: str) -> bool:
    """Behind a frame, a pronoun repeats what another sentence names: "can you find me" "one", "the suitable one"."""
    alone = words(language, "pro_forms")
    if "1" in rest:
        alone |= words(language, "vague") | words(language, "articles")
    return alone.issuperset(rest)


def without_now(sentence: list[str], language: str) -> list[str]:
    """An order without "now" at its end, which is meant anyway; not where it says how something is or until when."""
    if language != "en" or sentence[-1:] != ["now"] or sentence[0] not in words(language, "commands") - _TITLED:
        return sentence
    rest = sentence[: -2 if sentence[-2:-1] == ["right"] else -1]
    goes_on = rest[-1:] in (["and"], ["or"]) or not words(language, "prepositions").isdisjoint(rest[-1:])
    return sentence if len(rest) < 2 or goes_on or not _STATES.isdisjoint(rest) else rest


def without_purpose(sentence: list[str], language: str) -> list[str]:
    """The thing without what such things are for: a movie "to watch" is any movie."""
    purposes = _purposes(language)
    found: list[str] = []
    at = 0
    while at < len(sentence):
        found.append(sentence[at])
        at += 1 + _purpose(sentence, at + 1, purposes.get(sentence[at], ()), language)
    return found


def _purpose(sentence: list[str], at: int, verbs: Sequence[tuple[str, ...]], language: str) -> int:
    """Length of the purpose that starts at `at`; 0 where there is none."""
    for link in phrases(language, "purpose_links") if verbs else ():
        joining = link.split()
        start = at + len(joining)
        if sentence[at:start] == joining:
            for verb in verbs:
                if tuple(sentence[start : start + len(verb)]) == verb:
                    return len(joining) + len(verb)
    return 0


@cache
def _purposes(language: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Noun to the verbs that say nothing beside it, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for verb, nouns in table(language).get("purposes", {}).items():
        for noun in nouns.split():
            found.setdefault(noun, []).append(tuple(verb.split()))
    return {noun: tuple(sorted(verbs, key=len, reverse=True)) for noun, verbs in found.items()}
