"""Senses of words that depend on their place: "just", "too", "only", "there", "this", words in "-ing", names.

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
>>> told("how get there"), told("how_many rooms are there in rome")
('how get there+place', 'how_many rooms are there in rome')
>>> told("whether this free on sunday"), told("whether this hotel have a bar")
('whether this+one free on sunday', 'whether this hotel have a bar')
>>> told("what this app do"), told("who playing batman"), told("movies playing nearby")
('what this app do+act', 'who playing batman', 'movies nearby')
>>> told("rate this book 4"), told("rate", named=True), told("wake me on mondays"), told("open on mondays")
('score this book 4', 'rate', 'wake me on every monday', 'open on mondays')
>>> told("call adams"), told("call my parents")
('call adams+name', 'call my parents')
>>> told("it is not very safe"), told("cancel some orders"), told("can any doctor sign it"), told("is there any fee")
('it is not very+denied safe', 'cancel some_of orders', 'can any_of doctor sign it', 'is there any fee')
>>> told("where is gate a"), told("find a vitamin a cream"), told("hotels in bangor me"), told("book me a hotel")
('where is gate A', 'find a vitamin A cream', 'hotels in bangor me+object', 'book me a hotel')
>>> told("play songs by the eagles")
'play songs by the eagles+name'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from caching.semantic.text.folding import PAUSE
from caching.semantic.text.lexicon import mixed_words, table, vocabulary, words
from caching.semantic.text.stemming import inflected

_BE = frozenset(["is", "are", "am", "was", "were", "be", "been", "being", "whether"])
_SUBJECTS = frozenset(["i", "we", "you", "he", "she", "it", "they", "who", "that", "this"])
_POSSESSIVES = frozenset(["your", "his", "her", "their", "its"])
_OBJECTS = frozenset(["me", "us", "him", "them", "it", "this", "that", "these", "those"]) | _POSSESSIVES
_HELPING = frozenset(["have", "has", "had", "did", "do", "does", "can", "could", "will", "would", "should"])
_WHENEVER = frozenset(["early", "earlier", "late", "later", "after", "before", "until"])
_LEADING = frozenset(["to", "in", "from", "near"])
# Words of a thing, at most: "any of the living room curtains".
_THING = 5
_PARTICLES = frozenset(["in", "on", "out", "off", "up", "down", "back"])

# Tables that tell of words what they are, and give them no form in which they are compared.
_WITHOUT_RULES = frozenset(["vocabulary", "mentions", "capitonyms", "carriers", "guards"])


def with_senses(spoken: Sequence[str], language: str, *, is_named: bool) -> list[str]:
    """Replace words by their sense in this place. `is_named`: a frame that names a thing was removed before them."""
    found = list(spoken)
    for at in _names_at(spoken, language):
        if inflected(spoken[at], language) != spoken[at]:
            found[at] = f"{spoken[at]}+name"
    if "a" in spoken:
        lettered = mixed_words(language, "lettered")
        for at, (before, word) in enumerate(pairwise(spoken), 1):
            if word == "a" and (before in lettered or at + 1 == len(spoken)):
                found[at] = "A"
    # Dropped elsewhere, and telling here how far something is denied: "not very safe", "nicht mal", "abhi mat bhejo".
    denying = mixed_words(language, "denying")
    if not denying.isdisjoint(spoken):
        degrees, now = mixed_words(language, "degrees"), mixed_words(language, "now")
        for at, (before, word) in enumerate(pairwise(["", *spoken])):
            if word in now or (before in denying and word in degrees):
                found[at] = f"{word}+denied"
    if language != "en":
        return found
    for at, word in enumerate(spoken):
        if word == "just" and _restricts(spoken, at):
            found[at] = "only" if _is_only(spoken[at + 1]) else "just+here"
        elif word == "too" and at + 1 < len(spoken):
            found[at] = "too_much"
        elif word in ("some", "any") and _picks(spoken, at):
            found[at] = f"{word}_of"
        elif word.endswith(("ing", "ings")) and _is_thing(spoken, at, is_named):
            found[at] = f"{inflected(word, language).removesuffix('+ing')}+ing"
        elif word in _placed() and found[at] == word:
            found[at] = _sense(spoken, at, is_named)
    if spoken[-2:] == ["to", "me"] and _is_explained(spoken):
        del found[-2:]
    # "I" is not compared, so that what stands in front of it would hold the verb.
    for at, following in enumerate(found[1:]):
        if following == "i" and found[at] in ("only", "even"):
            found[at] = f"{found[at]}_speaker"
    return " ".join(found).split()


def _sense(spoken: Sequence[str], at: int, is_named: bool) -> str:
    """Return the word as it is, or its sense: one that is dropped elsewhere, a verb, what comes every week."""
    word, before = spoken[at], spoken[at - 1] if at else ""
    if word in words("en", "shown_so"):
        return "" if words("en", "shown").intersection(spoken) else word
    if word == "like":
        return "" if (words("en", "alike") | words("en", "relational")).intersection(spoken) else word
    if word == "there":
        return word if _exists(spoken, at) else "there+place"
    if word in ("this", "that", "these", "those"):
        return "this+one" if before in _auxiliaries() and _stands_alone(spoken, at) else word
    if word in ("do", "does"):
        return "do+act" if at and _acts(spoken, at) else word
    if word in ("is", "are"):
        return "is+done" if spoken[0] == "who" and at == 1 and _is_past(spoken[2:3]) else word
    if word == "will":
        return "will+thing" if before in _POSSESSIVES | words("en", "articles") | words("en", "owners") else word
    if word == "rate":
        return "score" if _is_verb(spoken, at, is_named) else word
    if word == "me":
        return "me+object" if _is_acted_on(spoken, at) else word
    if word in _weekdays() and _comes_again(spoken, at):
        return f"every {word[:-1]}"
    return word


def _picks(spoken: Sequence[str], at: int) -> bool:
    """ "are some cards blocked", "delete some alarms", "can any doctor sign it", unlike "play some jazz"."""
    before = spoken[at - 1] if at else ""
    starts = before in _auxiliaries() or (not at and not _BE.isdisjoint(spoken))
    if spoken[at] == "any":
        return starts and not any(word.endswith("s") for word in spoken[at + 1 : at + _THING + 1])
    return starts or before in words("en", "particular")


def _is_explained(spoken: Sequence[str]) -> bool:
    """ "explain these fees to me", unlike "describe what they did to me"."""
    return not words("en", "explaining").isdisjoint(spoken) and words("en", "question_words").isdisjoint(spoken)


def _comes_again(spoken: Sequence[str], at: int) -> bool:
    """ "wake me on mondays", unlike "monday's weather", and "do you deliver on mondays", which a Monday answers."""
    following = spoken[at + 1] if at + 1 < len(spoken) else ""
    if (at and spoken[at - 1] not in ("on", "for", "and", "at", PAUSE)) or spoken[0] in _auxiliaries() | {"open"}:
        return False
    return not following.isalpha() or following in words("en", "prepositions") | {"and", "or"}


def _exists(spoken: Sequence[str], at: int) -> bool:
    """ "how many rooms are there", "if there is", unlike "how do I get there" and "who is there"."""
    following, before = spoken[at + 1] if at + 1 < len(spoken) else "", spoken[at - 1] if at else ""
    if following in _BE or (before in _HELPING and following):
        return True
    return before in _BE and not (at > 1 and spoken[at - 2] in ("who", "what", "where", "when"))


def _is_acted_on(spoken: Sequence[str], at: int) -> bool:
    """ "who will pick me up", "do they want me to move", unlike "find me a hotel"; "in bangor me" is Maine."""
    if at > 1 and at + 1 == len(spoken) and spoken[at - 2] in _LEADING and spoken[at - 1] not in vocabulary("en"):
        return True
    wanted = spoken[at + 1 : at + 2] == ["to"] and spoken[at - 1] in words("en", "wanting_of_others")
    return wanted or (spoken[0] in ("who", "how_many") and "you" not in spoken)


def _stands_alone(spoken: Sequence[str], at: int) -> bool:
    """ "is this free on Sunday", "has that been paid", unlike "does this hotel have a bar" and "be hot this week"."""
    following, rest = spoken[at + 1] if at + 1 < len(spoken) else "", spoken[at + 2 : at + 3]
    if following and inflected(following, "en") in _periods():
        return False
    return not rest or rest[0] in words("en", "prepositions") or following in _grammar()


def _acts(spoken: Sequence[str], at: int) -> bool:
    """ "what does this app do", "can I do it online", unlike "what do you need"."""
    following = spoken[at + 1] if at + 1 < len(spoken) else ""
    return not following or following == "it" or following in words("en", "prepositions")


def _is_past(following: Sequence[str]) -> bool:
    """ "who is invited", unlike "who invited them"."""
    return any(word.endswith("ed") or word in words("en", "pasts") for word in following)


def _is_verb(spoken: Sequence[str], at: int, is_named: bool) -> bool:
    """ "rate this book", "how do I rate it", unlike "what is the rate", "interest rate" and "rate for euro"."""
    if at:
        return spoken[at - 1] in _HELPING | _SUBJECTS | {"to", "not", "and", "please", "how"}
    return not is_named and words("en", "prepositions").isdisjoint(spoken[1:2])


@cache
def _placed() -> frozenset[str]:
    """Return the words that `_sense` looks at."""
    placed = ["is", "are", "like", "there", "this", "that", "these", "those", "do", "does", "will", "rate", "me"]
    return words("en", "shown_so") | _weekdays() | frozenset(placed)


@cache
def _periods() -> frozenset[str]:
    """Return the times that "this" may point out: "this week", unlike "is this late"."""
    named = table("en")["guards"]["times"].items()
    found = (word for name, each in named if name not in _WHENEVER for word in each.split())
    return frozenset(inflected(word, "en") for word in found)


@cache
def _auxiliaries() -> frozenset[str]:
    return _BE | _HELPING | words("en", "question_words") | {"must", "might", "may", "shall"}


@cache
def _grammar() -> frozenset[str]:
    return words("en", "function") | words("en", "commands") | words("en", "pasts")


@cache
def _weekdays() -> frozenset[str]:
    """ "mondays": every one of them."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekend")
    return frozenset(f"{day}s" for day in days)


def _names_at(spoken: Sequence[str], language: str) -> list[int]:
    """Return the place of the name of whom to call, or of who made a song: "call Adams" is not "call Adam"."""
    if words(language, "calling").intersection(spoken[:1]):
        at = 2 if spoken[1:2] and spoken[1] in words(language, "prepositions") else 1
        return [at] if at < len(spoken) and spoken[at] not in vocabulary(language) else []
    by = spoken.index("by", 1) if "by" in spoken[1:] else 0
    if not by or spoken[by - 1] not in words(language, "made_by_someone"):
        return []
    at = by + 2 if spoken[by + 1 : by + 2] == ["the"] else by + 1
    return [at] if at < len(spoken) else []


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
