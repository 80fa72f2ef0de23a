from __future__ import annotations

import pytest

from caching.semantic.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("bitte sperre meine karte", "de"),
        ("schalte mein licht aus", "de"),
        ("hai una camera libera per domani", "it"),
        ("mera card block karo", "hi_latn"),
        ("room mein light hai", "hi_latn"),
        ("wifi kaam karte hai kya", "hi_latn"),
        ("battery kitna hai", "hi_latn"),
        ("delhi se mumbai ki train", "hi_latn"),
    ],
)
def test_words_of_two_languages_are_those_of_the_one_that_has_the_others(text: str, language: str) -> None:
    assert language_of(text.split()) == language
