from __future__ import annotations

import doctest
import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.semantic.text import normalize as module
from caching.semantic.text.normalize import normalize

FOLDED = [
    ("What's the weather?", "what is the weather"),
    ("can you tell me where my order is", "Where my order is?"),
    ("um, set an alarm for seven p.m., please", "set an alarm for 7:00 PM"),
    ("set an alarm for 6 : 30am", "set an alarm for six thirty am"),
    ("send ₹2,50,000", "send two lakh fifty thousand rupees"),
    ("twenty-five percent", "25%"),
    ("on the twenty first", "on the 21st"),
    ("I don't know", "i do not know"),
    ("मेरा ज़रूरी काम", "मेरा जरूरी काम"),
    ("कहाँ है", "कहां है"),
    ("साढ़े तीन बजे जगाना", "३.५ बजे जगाना"),
    ("ढाई हज़ार रुपये", "2500 रुपये"),
    ("कृपया मेरा बैलेंस कितना है बता दीजिए", "मेरा बैलेंस कितना है"),
    ("zara mera balance kitna hai bata do", "mera balance kitna hai"),
    ("mujhe otp nahin mila", "mujhe otp nhi mila"),
    ("क्\u200dया हुआ", "क्या हुआ"),
]
APART = [
    ("can i cancel it", "can you cancel it"),
    ("turn it on", "turn it off"),
    ("i can log in", "i can't log in"),
    ("fifteen", "fifty"),
    ("1.5", "15"),
    ("5-3", "53"),
    ("c++", "c#"),
    ("who is he", "where is he"),
    ("call ravi", "call rahul"),
    ("news from the US", "news from us"),
    ("भेजो", "मत भेजो"),
    ("पचास", "पांच"),
    ("paise aaye", "paise nahi aaye"),
    ("from a to b", "from b to a"),
    ("(2 + 3) * 4", "2 + 3 * 4"),
    ("7 am", "7 pm"),
]


@pytest.mark.parametrize(("one", "other"), FOLDED)
def test_it_folds(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_it_keeps_apart(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


def test_its_table_holds() -> None:
    result = doctest.testmod(module)
    assert result.attempted > 2
    assert not result.failed


@given(st.text(min_size=1, max_size=60))
def test_it_survives_any_text_and_is_empty_only_for_blanks(text: str) -> None:
    normalized = normalize(text)
    assert normalized == " ".join(normalized.split())
    assert normalized or not any(letter.isalnum() for letter in text)


@pytest.mark.parametrize("text", ["please", "um", "hey", "ज़रा", "zara", "hello", "thanks", "???"])
def test_it_never_drops_a_whole_question(text: str) -> None:
    assert normalize(text)


def test_it_leaves_no_wildcards_for_redis() -> None:
    assert not set("*?[]") & set(normalize("what [is] this* ? a[0] 5 * 3"))


def test_it_takes_microseconds() -> None:
    # Of this thread: other programs on the machine do not count.
    timer = timeit.Timer(lambda: normalize("set an alarm for 7 p.m."), timer=time.thread_time)
    assert min(timer.repeat(number=500)) / 500 < 0.0005
