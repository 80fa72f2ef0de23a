"""The order of equal words, where another one means the same: places, ratings, names in front of what they name.

>>> from caching.semantic.text.analysis import analyse
>>> def alike(one: str, other: str) -> bool:
...     return same_order(analyse(one).reading, analyse(other).reading)
>>> alike("show me nearby museums", "show me museums nearby")
True
>>> alike("rate this essay 4 out of 6", "give 4 out of 6 points to this essay")
False
>>> alike("does Anna owe Ben money", "does Ben owe Anna money")
False
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from caching.semantic.text.lexicon import words
from caching.semantic.text.reading import Phrase, Reading
from caching.semantic.text.stemming import forms

_QUANTIFIERS = frozenset(["all", "every", "each", "no", "not", "other", "only", "both", "another"])
# They join or compare two things in a reading, so that what follows belongs to one of them; other than in `reading`,
# where they join two times.
_JOINING = frozenset(
    (
        "and", "or", "but", "than", "und", "oder", "als", "wie", "y", "o", "que", "et", "ou", "e", "che", "di", "do",
        "como", "come", "comme", "en", "of", "dan", "i", "lub", "albo", "oraz", "niż", "jak",
    )
)  # fmt: skip
_WITH = frozenset(["with", "mit", "con", "avec", "com", "met", "z", "ze"])
_BINDING = _QUANTIFIERS | {"and", "or", "but", "never", "without"}
_PLACE = frozenset(["in", "on", "at"])
_SIDES = frozenset(["left", "right", "back", "front", "top"])
_OF = frozenset(["of", "for", "in", "on"])
# Prepositions before a rated thing, and before its rating: "4 stars for this album", "rate it as a 4".
_RATED, _RATING = frozenset(["for", "to", "of"]), frozenset(["of", "as", "at", "with"])
_SCORE, _SCALE, _SCORED = "score", "out_of", frozenset(["star", "point"])
Held = frozenset[tuple[str, tuple[str, ...]]]
Compounded = tuple[tuple[str, ...], Held]


def same_order(a: Reading, b: Reading) -> bool:
    """Return True if two readings with the same words mean the same in their orders."""
    rating = _rated(a)
    if rating and rating == _rated(b):
        return True
    if not _attached_alike(a, b) or _has_object_for_place(a, b) or _has_object_for_place(b, a):
        return False
    a, b = _freed(a), _freed(b)
    verbs = forms(a.language, "commands") | forms(a.language, "states")
    return any(
        _arranged_alike(_compounded(a, places, whole), _compounded(b, places, whole), verbs)
        for places, whole in ((False, False), (True, False), (False, True))
    )


def _attached_alike(a: Reading, b: Reading) -> bool:
    """Return False if phrases belong to other words: "the lamp in the hall and the fan in the bath", exchanged.

    Where words are joined or compared, and for "with", each phrase must follow the same word, or stand in front. In
    other languages than English a phrase may move between places, but not from one thing to another.
    """
    if sorted(phrase.words for phrase in a.held) != sorted(phrase.words for phrase in b.held):
        return True  # "the price of rice", "rice price"
    for holder in {phrase.holder for phrase in a.held}:
        ours, theirs = _held_by(a, holder), _held_by(b, holder)
        if ours != theirs and sorted(ours) == sorted(theirs):
            return False
    joined = not _JOINING.isdisjoint(a.words)
    followed = {phrase.words: phrase.after for phrase in b.held}
    things = frozenset(a.bare[1:]) if a.language != "en" else frozenset[str]()
    return all(
        phrase.after == followed[phrase.words] or "" in (phrase.after, followed[phrase.words])
        for phrase in a.held
        if joined or phrase.holder in _WITH or things.issuperset((phrase.after, followed[phrase.words]))
    )


def _has_object_for_place(a: Reading, b: Reading) -> bool:
    """ "paint the room" and "paint in the room": a word that is no known noun may be a verb."""
    nouns = forms(a.language, "relational") | forms(a.language, "topics")
    return any(
        phrase.holder in _PLACE and b.bare == (phrase.after,) and a.bare == (phrase.after, *phrase.words)
        for phrase in b.held
        if phrase.after not in nouns
    )


def _held_by(reading: Reading, holder: str) -> list[tuple[str, ...]]:
    return [phrase.words for phrase in reading.held if phrase.holder == holder]


def _freed(reading: Reading) -> Reading:
    """Drop words that may stand anywhere, and move each kind after its name: "playlist X", "X playlist".

    Nothing changes where words are counted, denied or joined: "channel 4" is not "4 channels".
    """
    if not _BINDING.isdisjoint(reading.words):
        return reading
    properties = forms(reading.language, "properties").intersection(reading.words)
    free = forms(reading.language, "floating") | (properties if len(properties) == 1 else frozenset())
    # "Which cinema shows the movie" has the same words as "which movie does the cinema show".
    asking = forms(reading.language, "question_words") | {"whether"}
    named = forms(reading.language, "named") if asking.isdisjoint(reading.bare[:1]) else frozenset[str]()
    if reading.bare and reading.bare[0] in forms(reading.language, "commands"):
        named -= {reading.bare[0]}  # "track my order"
    if free.isdisjoint(reading.words) and named.isdisjoint(reading.words):
        return reading
    bare = [word for word in reading.bare if word not in free]
    held = []
    for phrase in reading.held:
        found = [word for word in phrase.words if word not in free]
        if phrase.after in properties & free and phrase.holder in _OF:
            bare += found
        elif found:
            held.append(Phrase(phrase.holder, _kind_last(found, named), phrase.after))
    return replace(reading, bare=_kind_last(bare, named), held=tuple(held))


def _kind_last(found: list[str], kinds: frozenset[str]) -> tuple[str, ...]:
    said = [word for word in found if word in kinds]
    movable = len(said) == 1 and not any(map(_counts, found))
    return tuple([*(word for word in found if word not in kinds), *said] if movable else found)


def _rated(reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the rated thing and its rating, where one of each is said: "4 stars for this album"."""
    if reading.bare.count(_SCORE) != 1:
        return None
    parts = [
        ("", tuple(word for word in reading.bare if word != _SCORE)),
        *((phrase.holder, phrase.words) for phrase in reading.held),
    ]
    things: list[tuple[str, ...]] = []
    ratings: list[tuple[str, ...]] = []
    for holder, found in parts:
        thing, rating, rest = _split_rating(found)
        if rest and (thing or _SCALE not in rating):
            return None  # "rate the 4 star hotel"
        thing = thing or rest
        if holder and holder not in (_RATED if thing else _RATING):
            return None
        things += [thing] if thing else []
        ratings += [rating] if rating else []
    return (things[0], ratings[0]) if len(things) == len(ratings) == 1 else None


def _split_rating(found: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the words before a rating, the rating ("4 out_of 6 point") and the words after it."""
    start = next((at for at, word in enumerate(found) if word.isdecimal()), len(found))
    end = start + (3 if found[start + 1 : start + 2] == (_SCALE,) else 1)
    end += not _SCORED.isdisjoint(found[end : end + 1])
    return found[:start], found[start:end], found[end:]


def _arranged_alike(a: Compounded, b: Compounded, verbs: Set[str]) -> bool:
    (bare_a, held_a), (bare_b, held_b) = a, b
    if held_a == held_b:
        return bare_a == bare_b
    only_a, only_b = held_a - held_b, held_b - held_a
    if only_a and only_b:
        return False
    return _places_apart(only_a, bare_a, bare_b, verbs) if only_a else _places_apart(only_b, bare_b, bare_a, verbs)


def _places_apart(only: Held, bare: tuple[str, ...], other: tuple[str, ...], verbs: Set[str]) -> bool:
    """Return True if a held place or property may stand in front: "curtains in the hall", "hall curtains".

    What a verb ends with is its object: "clean the kitchen" is not "clean in the kitchen".
    """
    rest = list(other)
    for holder, found in only:
        if _SIDES.issuperset(found):
            return False  # "is it on the right" does not ask whether it is right
        had = holder == "with" and len(found) > 1 and found[0].isdecimal()
        if {"and", "or"} & {*bare} or not (had or (holder in _PLACE and not any(map(_counts, found)))):
            return False
        starts = [at for at in range(len(rest)) if tuple(rest[at : at + len(found)]) == found]
        if not starts or _is_object(rest, starts[0], len(found), verbs):
            return False
        del rest[starts[0] : starts[0] + len(found)]
    return tuple(rest) == bare


def _is_object(spoken: list[str], at: int, length: int, verbs: Set[str]) -> bool:
    return at == 1 and len(spoken) == at + length and (spoken[0] in verbs or not spoken[at].islower())


def _compounded(reading: Reading, places: bool, whole: bool) -> Compounded:
    """Put what "of" holds in front of the word that it belongs to: "the price of rice", "rice price".

    With `places` also where a held thing is: "on the timer in the kitchen", "on the kitchen timer"; with `whole` in
    front of all nouns there: "movie showtimes for the Odeon", "Odeon movie showtimes". Figures and quantifiers stay
    where they are: "4 rooms" is not "a room for 4".
    """
    loose = words(reading.language, "loose") - _PLACE
    relational = forms(reading.language, "relational")
    starting = forms(reading.language, "commands") | forms(reading.language, "function")
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
            while whole and at and phrase.after in relational and place[at - 1] not in starting:
                at -= 1
            place[at:at] = phrase.words
    if bare and bare[0] in forms(reading.language, "giving"):
        held, receivers = [each for each in held if each[0] != "to"], [each for each in held if each[0] == "to"]
        bare[1:1] = [word for _, found in receivers for word in found]
    return tuple(bare), frozenset((holder, tuple(found)) for holder, found in held)


def _counts(word: str) -> bool:
    return word.isdecimal() or word in _QUANTIFIERS
