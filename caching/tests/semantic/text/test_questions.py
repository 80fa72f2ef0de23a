from __future__ import annotations

import pytest

from caching.semantic.text.questions import listed, states


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


@pytest.mark.parametrize(
    ("clause", "language", "is_stated"),
    [
        ("the shop is open", "en", True),
        ("they refunded me", "en", True),
        ("you deliver on sunday", "en", True),
        ("no , my parcel has arrived", "en", True),
        ("anna called", "en", True),
        ("payment failed", "en", True),
        ("my card works abroad", "en", True),
        ("my cards work abroad", "en", True),
        ("delivery costs 5 euros", "en", True),
        ("delivery costs to malta", "en", False),
        ("delivery costs", "en", False),
        ("opening hours tomorrow", "en", False),
        ("my balance", "en", False),
        ("on sunday are you open", "en", False),
        ("the weather tomorrow", "en", False),
        ("i lost my card , can you block it", "en", False),
        ("you are open when", "en", False),
        ("cancel my order", "en", False),
        ("dukan khuli hai", "hi_latn", True),
        ("payment ho gaya", "hi_latn", True),
        ("refund milega", "hi_latn", True),
        ("bill bhar diya", "hi_latn", True),
        ("mera balance", "hi_latn", False),
        ("light band karo", "hi_latn", False),
        ("दुकान खुली है", "hi", True),
        ("दुकान खुलेगी", "hi", True),
        ("बिल भर दिया", "hi", True),
        ("लाइट बंद करो", "hi", False),
    ],
)
def test_a_mark_alone_makes_a_question_of_what_is_stated(clause: str, language: str, is_stated: bool) -> None:
    assert states(clause.split(), language) is is_stated
