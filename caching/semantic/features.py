"""What the decision weighs about a question and a stored one, once no guard objects."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from caching.semantic.analysis import Question
from caching.semantic.idf import Idf
from caching.semantic.roles import governed_differently
from caching.semantic.stems import alike

NAMES = (
    "cosine",
    "cosine_over_80",
    "cosine_over_90",
    "rarest_unmatched",
    "rarest_unmatched_squared",
    "unmatched",
    "overlap",
    "substitution",
    "function_overlap",
    "function_unmatched",
    "question_word_one_sided",
    "action_one_sided",
    "contrast_one_sided",
    "person_one_sided",
    "time_one_sided",
    "modal_differs",
    "mood_differs",
    "roles_differ",
    "length",
    "length_ratio",
    "inversions",
    "shared_words",
    "shared_weight",
    "nothing_unmatched",
    "spelled_alike",
    "many_unmatched",
    "crowding",
    "cosine_if_unmatched",
)
_MODALS = frozenset(
    ["can", "could", "should", "may", "must", "will", "would", "do", "does", "did", "is", "are", "was", "has", "have"]
)


def features(a: Question, b: Question, cosine: float, crowding: float, idf: Idf) -> list[float]:
    """One row in the order of NAMES.

    `crowding` is the share of near neighbours that a guard refused: where stored questions differ by one number or
    date, other differences of one word matter more too.
    """
    only_a, only_b, spelled_alike = _unmatched(a.content, b.content)
    weights_a, weights_b = [idf.weight(word) for word in only_a], [idf.weight(word) for word in only_b]
    rarest_a, rarest_b = max(weights_a, default=0.0), max(weights_b, default=0.0)
    rarest, unmatched = max(rarest_a, rarest_b), sum(weights_a) + sum(weights_b)
    common = set(a.content).difference(only_a)
    shared = sum(map(idf.weight, common))
    function_unmatched = sum(map(idf.weight, a.function ^ b.function))
    function_shared = sum(map(idf.weight, a.function & b.function))
    length_a, length_b = a.text.count(" ") + 1, b.text.count(" ") + 1
    order, inversions = _order(a.content, b.content)
    missing = len(only_a) + len(only_b)
    return [
        cosine,
        max(cosine - 0.8, 0.0),
        max(cosine - 0.9, 0.0),
        rarest,
        rarest * rarest,
        unmatched,
        _share(shared, unmatched, empty=0.0),
        min(rarest_a, rarest_b),
        _share(function_shared, function_unmatched, empty=1.0),
        function_unmatched,
        float(a.asks != b.asks),
        float(a.actions != b.actions),
        float(a.contrasts != b.contrasts),
        float(a.persons != b.persons),
        float(a.times != b.times),
        float(a.function & _MODALS != b.function & _MODALS),
        _mood(a.mood, b.mood),
        float(governed_differently(a, b)),
        math.log(min(length_a, length_b) + 1),
        min(length_a, length_b) / max(length_a, length_b),
        float(inversions),
        float(min(order, 5)),
        shared,
        float(not missing),
        float(spelled_alike),
        float(missing > 2),
        crowding,
        cosine if missing else 0.0,
    ]


def _share(shared: float, other: float, *, empty: float) -> float:
    return shared / (shared + other) if shared + other else empty


def _mood(one: str, other: str) -> float:
    """ "Is my alarm set?" is further from "set my alarm" than "what alarms are set?"."""
    return float(one != other) + float({one, other} == {"whether", "tell"})


def _unmatched(a: Sequence[str], b: Sequence[str]) -> tuple[list[str], list[str], int]:
    """The words of each side without an equal or similarly spelled partner, and the number of the latter."""
    only_a, only_b = _without(a, frozenset(b)), _without(b, frozenset(a))
    partners = 0
    for word in tuple(only_a) if only_b else ():
        partner = next((other for other in only_b if alike(word, other)), None)
        if partner is not None:
            only_a.remove(word)
            only_b.remove(partner)
            partners += 1
    return only_a, only_b, partners


def _without(words: Iterable[str], others: frozenset[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word not in others]


def _order(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How many words of `a` stand in `b`, and how often two neighbours among them stand the other way round."""
    place = {word: at for at, word in enumerate(b)}
    places = [place[word] for word in a if word in place]
    return len(places), sum(first > second for first, second in pairwise(places))
