"""The features of a pair of questions, weighed once no guard objects."""

from __future__ import annotations

import math

from caching.semantic.alignment import unmatched_words
from caching.semantic.scoring.idf import Idf
from caching.semantic.text.analysis import Question

NAMES = (
    "cosine",
    "cosine_over_80",
    "cosine_over_90",
    "cosine_if_unmatched",
    "nothing_unmatched",
    "many_unmatched",
    "spelled_alike",
    "shared_words",
    "shared_weight",
    "question_word_one_sided",
    "action_one_sided",
    "contrast_one_sided",
    "person_one_sided",
    "time_one_sided",
    "length",
    "command",
    "scope_crowding",
    "rarest_in_crowded_scope",
)


def features(a: Question, b: Question, cosine: float, scope_crowding: float, idf: Idf) -> list[float]:
    """One row in the order of NAMES. `a` is the question that is asked; `scope_crowding` is told in `crowding`."""
    only_a, only_b, spelled_alike = unmatched_words(a, b)
    missing = len(only_a) + len(only_b)
    return [
        cosine,
        max(cosine - 0.8, 0.0),
        max(cosine - 0.9, 0.0),
        cosine if missing else 0.0,
        float(not missing),
        float(missing > 2),
        float(spelled_alike),
        float(min(len(a.words & b.words), 5)),
        sum(map(idf.weight, a.words.difference(only_a))),
        float(a.asks != b.asks),
        float(a.actions != b.actions),
        float(a.contrasts != b.contrasts),
        float(a.persons != b.persons),
        float(a.times != b.times),
        math.log(min(a.text.count(" "), b.text.count(" ")) + 2),
        float(a.mood == "tell"),
        scope_crowding,
        scope_crowding * max(map(idf.weight, (*only_a, *only_b)), default=0.0),
    ]
