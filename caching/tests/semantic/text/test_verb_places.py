"""Frames with little or nothing behind them are read like anything else."""

from __future__ import annotations

import pytest

from caching.semantic.text.lexicon import codes, phrases, words
from caching.semantic.text.reading import reading_of
from caching.semantic.text.verb_places import infinitive_first, standing_forms


@pytest.mark.parametrize("language", codes())
def test_a_frame_with_nothing_of_its_own_behind_it_is_read(language: str) -> None:
    frames = [phrase.split() for name in ("frames", "asking", "telling") for phrase in phrases(language, name)]
    said_by_nothing = sorted(words(language, "dropped") | words(language, "articles"))
    rests = [[], *([one] for one in said_by_nothing), *([one, said_by_nothing[-1]] for one in said_by_nothing)]
    read = {(*frame, *rest): reading_of([*frame, *rest], language) for frame in frames for rest in rests}
    assert read
    assert [spoken for spoken, reading in read.items() if not (reading.words or reading.times or reading.asked)] == []


@pytest.mark.parametrize("language", codes())
def test_where_all_words_were_dropped_there_is_no_form(language: str) -> None:
    assert standing_forms([], language, {}, frozenset(), begins=True) == []


def test_articles_without_a_noun_are_read() -> None:
    assert reading_of(["einen", "des", "mal"], "de").words


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("de", "| hotel in münchen"),
        ("de", "| kuchen"),
        ("de", "ein kuchen"),
        ("de", "2 karten"),
        ("de", "mit dem zug nach bremen"),
        ("nl", "| hotel in groningen"),
    ],
)
def test_a_noun_that_ends_like_a_verb_stays_last(language: str, spoken: str) -> None:
    assert infinitive_first(spoken.split(), language) == spoken.split()
