"""Senses of words that depend on their place: "just", "too", "only", words in "-ing", names.

>>> def told(text: str, *, named: bool = False) -> str:
...     return " ".join(with_senses(text.split(), "en", is_named=named))
>>> told("whether the discount just for students"), told("my card just got declined"), told("i just need a taxi")
('whether the discount only for students', 'my card just got declined', 'i just need a taxi')
>>> told("trains just before 9"), told("trains only before 9")
('trains just+here before 9', 'trains only before 9')
>>> told("whether the water too cold"), told("do you sell tea too")
('whether the water too_much cold', 'do you sell tea too')
>>> told("only i eat fish"), told("i only eat fish")
('only_speaker i eat fish', 'i only eat fish')
>>> told("parking near me", named=True), told("my card is not working"), told("canceling my order")
('park+ing near me', 'my card is not working', 'canceling my order')
>>> told("call adams"), told("call my parents"), " ".join(with_senses("llama a ramos".split(), "es", is_named=False))
('call adams+name', 'call my parents', 'llama a ramos+name')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from caching.semantic.text.lexicon import table, vocabulary, words
from caching.semantic.text.stemming import inflected

_BE = frozenset(["is", "are", "am", "was", "were", "be", "been", "being", "whether"])
_SUBJECTS = frozenset(["i", "we", "you", "he", "she", "it", "they", "who", "that", "this"])
_POSSESSIVES = frozenset(["your", "his", "her", "their", "its"])
_OBJECTS = frozenset(["me", "us", "him", "them", "it", "this", "that", "these", "those"]) | _POSSESSIVES
_HELPING = frozenset(["have", "has", "had", "did", "do", "does", "can", "could", "will", "would", "should"])
_PARTICLES = frozenset(["in", "on", "out", "off", "up", "down", "back"])

# Tables that tell of words what they are, and give them no form in which they are compared.
_WITHOUT_RULES = frozenset(["vocabulary", "mentions", "capitonyms", "carriers", "guards"])


def with_senses(spoken: Sequence[str], language: str, *, is_named: bool) -> list[str]:
    """Replace words by their sense in this place. `is_named`: a frame that names a thing was removed before them."""
    found = list(spoken)
    if (at := _name_at(spoken, language)) and inflected(spoken[at], language) != spoken[at]:
        found[at] = f"{spoken[at]}+name"
    if language != "en":
        return found
    for at, word in enumerate(spoken):
        if word == "just" and _restricts(spoken, at):
            found[at] = "only" if _is_only(spoken[at + 1]) else "just+here"
        elif word == "too" and at + 1 < len(spoken):
            found[at] = "too_much"
        elif word.endswith(("ing", "ings")) and _is_thing(spoken, at, is_named):
            found[at] = f"{inflected(word, language).removesuffix('+ing')}+ing"
    # "I" is not compared, so that what stands in front of it would hold the verb.
    for at, following in enumerate(found[1:]):
        if following == "i" and found[at] in ("only", "even"):
            found[at] = f"{found[at]}_speaker"
    return found


def _name_at(spoken: Sequence[str], language: str) -> int:
    """Return the place of the name of whom to call, or 0: "call Adams" is not "call Adam"."""
    if not words(language, "calling").intersection(spoken[:1]):
        return 0
    at = 2 if spoken[1:2] and spoken[1] in words(language, "prepositions") else 1
    if len(spoken) <= at or spoken[at] in vocabulary(language):
        return 0
    return at


def _is_only(following: str) -> bool:
    """ "just for students", "just the deposit", unlike "just before 9", "just outside Rome", "just shut down"."""
    return _opens(following) and following not in words("en", "prepositions") - {"for", "with", "to"}


def _restricts(spoken: Sequence[str], at: int) -> bool:
    """ "just for students", "just before 9", "just members", unlike "just arrived" and "I just need"."""
    following = spoken[at + 1] if at + 1 < len(spoken) else ""
    if (
        not following
        or following in words("en", "pasts")
        or following.endswith(("ed", "ing"))
        or following in _SUBJECTS
    ):
        return False
    if _opens(following):
        return True
    return at > 0 and spoken[at - 1] not in _SUBJECTS | _BE | {"to", "not"} and not _is_helped(spoken, at)


def _is_helped(spoken: Sequence[str], at: int) -> bool:
    """ "I can just", but not "can just members": the helping verb has its subject in front."""
    return at > 1 and spoken[at - 1] in _HELPING and spoken[at - 2] in _SUBJECTS


def _opens(word: str) -> bool:
    """Return True for a word that begins a thing or a place."""
    return word[:1].isdigit() or word in _OBJECTS or word in _openers()


@cache
def _openers() -> frozenset[str]:
    return words("en", "articles") | words("en", "owners") | words("en", "prepositions")


def _is_thing(spoken: Sequence[str], at: int, is_named: bool) -> bool:
    """ "parking" and "the rating" are things, unlike "is it working", "stop playing" and "paying my bill"."""
    word = spoken[at].removesuffix("s")
    if word in _listed() or inflected(word, "en") == word:
        return False
    following = spoken[at + 1] if at + 1 < len(spoken) else ""
    before = spoken[at - 1] if at else ""
    if before in _POSSESSIVES or before in words("en", "articles") or before in words("en", "owners"):
        return True
    has_object = following in _PARTICLES or (_opens(following) and following not in words("en", "prepositions"))
    if has_object or before in words("en", "before_doing") or (not at and not is_named):
        return False
    return not _is_in_progress(spoken, at)


def _is_in_progress(spoken: Sequence[str], at: int) -> bool:
    """ "my train is leaving" and "is my train leaving", unlike "is parking free" and "the fee is parking"."""
    auxiliary = next((place for place in range(at - 1, -1, -1) if spoken[place] in _BE), None)
    if auxiliary is None:
        return False
    if auxiliary + 1 == at:
        return auxiliary > 0 and spoken[auxiliary - 1] not in words("en", "question_words")
    between = spoken[auxiliary + 1 : at]
    return between[0] != "there" and words("en", "prepositions").isdisjoint(between)


@cache
def _listed() -> frozenset[str]:
    """Return the words in "-ing" that have rules of their own."""
    tables = [part for name, part in table("en").items() if name not in _WITHOUT_RULES]
    return frozenset(re.findall(r"[a-z]+ing\b", " ".join(map(str, [*tables, table("en")["guards"]["times"]]))))
