from __future__ import annotations

import pytest

from caching.semantic.explanation import unexplained
from caching.semantic.text.analysis import analyse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gate kholo", "gate khol do"),
        ("pankha chalao", "pankha chala do"),
        ("Ravi ko 500 rupaye bhejo", "Ravi ko 500 rupees bhejo"),
        ("Delhi ka mausam kaisa hai", "Delhi mausam kaisa hai"),
        ("batao ki train kab aayegi", "train kab aayegi"),
        ("yeh phone kitne ka hai", "yeh phone kitne ki hai"),
        ("mujhe ek pizza order karna hai", "ek pizza order karna hai"),
        ("मेरा बैलेंस?", "मेरा बैलेंस"),
    ],
)
def test_words_that_say_nothing_in_their_place_are_explained_both_ways(one: str, other: str) -> None:
    a, b = analyse(one).reading, analyse(other).reading
    assert unexplained(a, b) == unexplained(b, a) == []


@pytest.mark.parametrize(
    "statement",
    ["दुकान खुलेगी", "पैसे आएंगे", "बिल भर दिया", "आपने पैसे भेजे", "refund milega", "paise kal aayenge"],
)
def test_what_will_be_and_what_was_done_is_asked_by_a_mark_alone(statement: str) -> None:
    told, asked = analyse(statement).reading, analyse(f"{statement}?").reading
    assert unexplained(told, asked) == unexplained(asked, told) == ["question mark"]
