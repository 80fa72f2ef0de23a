from __future__ import annotations

import json
from itertools import chain, pairwise, permutations
from pathlib import Path

import pytest

from caching.semantic.explanation import unexplained
from caching.semantic.text.analysis import analyse
from caching.semantic.text.fixed_words import fixed_words, may_be_explained
from caching.semantic.text.lexicon import table
from caching.semantic.text.reading import reading_of
from caching.semantic.text.stemming import inflected
from caching.tests.semantic import test_documented_pairs, test_explanation, test_word_order

DATA = Path(__file__).parents[2] / "data"


def _may_be_explained(one: str, other: str) -> bool:
    language = analyse(one).language
    return may_be_explained(fixed_words(one, language), fixed_words(other, language), language)


def _pairs_of_the_tests() -> list[tuple[str, str]]:
    lines = (DATA / "polarity.jsonl").read_text(encoding="utf-8").splitlines()
    tables = [*test_explanation.EXPLAINED.values(), *test_word_order.SAME.values(), test_documented_pairs.PAIRS]
    asked = [(one, other) for one, others in test_explanation.ASKED_ALIKE.items() for other in others]
    return [*((record["a"], record["b"]) for record in map(json.loads, lines)), *chain(*tables), *asked]


def _is_explained(one: str, other: str) -> bool:
    a, b = analyse(one), analyse(other)
    return a.text == b.text or not unexplained(a.reading, b.reading)


def test_no_explained_pair_is_passed_over() -> None:
    both_ways = [pair for one, other in _pairs_of_the_tests() for pair in ((one, other), (other, one))]
    explained = [pair for pair in both_ways if _is_explained(*pair)]
    assert len(explained) > 500
    assert [pair for pair in explained if not _may_be_explained(*pair)] == []


@pytest.mark.parametrize("language", ["en", "de", "es", "it", "nl", "pl", "pt"])
def test_no_length_in_another_unit_is_passed_over(language: str) -> None:
    times = table(language)["guards"]["times"]
    texts = [f"timer {figure} {times[unit].split()[0]}" for unit in ("hour", "minute") for figure in (2, 7, 120, 420)]
    read = {text: reading_of([inflected(word, language) for word in text.split()], language) for text in texts}
    explained = [pair for pair in permutations(texts, 2) if not unexplained(read[pair[0]], read[pair[1]])]
    assert len(explained) == 4
    fixed = {text: fixed_words(text, language) for text in texts}
    assert all(may_be_explained(fixed[one], fixed[other], language) for one, other in explained)


def test_most_pairs_of_unrelated_questions_are_passed_over() -> None:
    lines = (DATA / "near_misses.txt").read_text(encoding="utf-8").splitlines()
    english = [line.split("|")[2] for line in lines if line.startswith("en|")]
    pairs = list(pairwise(english))
    assert sum(not _may_be_explained(*pair) for pair in pairs) > 0.8 * len(pairs)


def test_in_an_unknown_language_only_the_same_words_may_be_explained() -> None:
    assert _may_be_explained("zork blip quux", "Zork blip quux")
    assert not _may_be_explained("zork blip quux", "zork blip quuz")


def test_a_long_figure_that_only_one_question_has_passes_it_over() -> None:
    assert not _may_be_explained("where is order 10021", "where is order 10012")
    assert not _may_be_explained("where is order 10021", "where is my order")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("transfer 1500 dollars", "transfer 1,500 dollars"),
        ("transfer 1500 dollars", "transfer $1500"),
        ("transfer 1500 dollars", "transfer fifteen hundred dollars"),
        ("transfer 2000 dollars", "transfer 2 thousand dollars"),
        ("transfer 100 dollars", "transfer a hundred dollars"),
        ("wake me at 7:00 am", "wake me at 7 am"),
        ("is 1500 enough?", "is 1500 enough"),
    ],
)
def test_a_figure_may_be_written_in_other_ways(one: str, other: str) -> None:
    assert _may_be_explained(one, other) and _may_be_explained(other, one)


def test_spelling_inflection_and_accents_do_not_matter() -> None:
    assert _may_be_explained("is the calendar full", "is my calednar full")
    assert _may_be_explained("where is the caf\u00e9 terrace", "where is the cafe\u0301 terrace")
    assert _may_be_explained("play the current album", "play this album")
    assert not _may_be_explained("play the jazz album", "play the rock album")
