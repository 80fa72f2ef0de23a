from __future__ import annotations

import pytest

from caching.semantic.text.questions import listed


@pytest.mark.parametrize(
    ("sentence", "language", "read"),
    [
        ("what movies are playing", "en", "movies are playing"),
        ("what countries do you serve", "en", "countries do you serve"),
        ("what will the price be", "en", "will the price be"),
        ("what lights are on", "en", "what lights are on"),
        ("what time is it", "en", "what time is it"),
        ("what movies are", "en", "what movies are"),
        ("", "en", ""),
        ("what movies are playing kal", "hi_latn", "movies are playing kal"),
        ("what lights are on kal", "hi_latn", "what lights are on kal"),
        ("which movie do mujhe", "hi_latn", "which movie do mujhe"),
        ("what movies are playing", "de", "what movies are playing"),
    ],
)
def test_things_that_are_asked_for_are_listed_in_english_and_in_hinglish(
    sentence: str, language: str, read: str
) -> None:
    assert listed(sentence.split(), language) == read.split()
