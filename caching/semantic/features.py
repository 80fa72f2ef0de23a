"""What the decision weighs about a question and a stored one, once no guard objects."""

from __future__ import annotations

import math

from caching.semantic.alignment import unmatched_words
from caching.semantic.analysis import Question
from caching.semantic.idf import Idf

NAMES = (
    "cosine",
    "cosine_over_80",
    "cosine_over_90",
    "unmatched",
    "overlap",
    "question_word_one_sided",
    "action_one_sided",
    "contrast_one_sided",
    "person_one_sided",
    "time_one_sided",
    "length",
    "length_ratio",
    "shared_words",
    "shared_weight",
    "nothing_unmatched",
    "spelled_alike",
    "many_unmatched",
    "crowding",
    "cosine_if_unmatched",
    "command",
    "command_if_unmatched",
)


def features(a: Question, b: Question, cosine: float, crowding: float, idf: Idf) -> list[float]:
    """One row in the order of NAMES.

    `crowding` is the share of near neighbours that a guard refused: where stored questions differ by one number or
    date, other differences of one word matter more too. `a` is the question that is asked; where it is a command, its
    words are what is to be done, and less may differ than in a question.
    """
    only_a, only_b, spelled_alike = unmatched_words(a.content, b.content)
    missing = len(only_a) + len(only_b)
    unmatched = sum(map(idf.weight, only_a)) + sum(map(idf.weight, only_b))
    shared = sum(map(idf.weight, set(a.content).difference(only_a)))
    lengths = sorted((a.text.count(" ") + 1, b.text.count(" ") + 1))
    return [
        cosine,
        max(cosine - 0.8, 0.0),
        max(cosine - 0.9, 0.0),
        unmatched,
        shared / (shared + unmatched) if shared else 0.0,
        float(a.asks != b.asks),
        float(a.actions != b.actions),
        float(a.contrasts != b.contrasts),
        float(a.persons != b.persons),
        float(a.times != b.times),
        math.log(lengths[0] + 1),
        lengths[0] / lengths[1],
        float(min(len(set(a.content) & set(b.content)), 5)),
        shared,
        float(not missing),
        float(spelled_alike),
        float(missing > 2),
        crowding,
        cosine if missing else 0.0,
        float(a.mood == "tell"),
        float(a.mood == "tell" and missing > 0),
    ]
