from __future__ import annotations

import pytest

from caching.semantic.guards import GUARDS, vetoes
from caching.semantic.text.analysis import analyse

OBJECTIONS = [
    ("set a timer for 5 minutes", "set a timer for 50 minutes", "numbers"),
    ("track order ab12", "track order ab21", "identifiers"),
    ("pay 5 dollars", "pay 5 euros", "units"),
    ("will it rain today", "will it rain tomorrow", "times"),
    ("alarm at 7 am", "alarm at 7 pm", "times"),
    ("call me", "do not call me", "negation"),
    ("मुझे ओटीपी मिला", "मुझे ओटीपी नहीं मिला", "negation"),
    ("mujhe call karo", "mujhe call mat karo", "negation"),
    ("turn on the light", "turn off the light", "opposites"),
    ("लाइट चालू करो", "लाइट बंद करो", "opposites"),
    ("awaaz badhao", "awaaz kam karo", "opposites"),
    ("cancel my plan", "change my plan", "actions"),
    ("when is it", "where is it", "question_word"),
    ("doctor kab aayenge", "doctor kahan hai", "question_word"),
    ("is my alarm set for 7", "set my alarm for 7", "mood"),
    ("what is my name", "what is your name", "persons"),
    ("trains from pune to nashik", "trains from nashik to pune", "roles"),
    ("is jio faster than airtel", "is airtel faster than jio", "roles"),
    ("a ticket from pune", "a ticket to pune", "roles"),
    ("did india beat australia", "did australia beat india", "roles"),
    ("do i owe ravi", "does ravi owe me", "roles"),
    ("राम ने श्याम को पैसे दिए", "श्याम ने राम को पैसे दिए", "roles"),
    ("the road to Paris", "the road to London", "names"),
    ("रवि को पैसे भेजो", "राहुल को पैसे भेजो", "substitution"),
    ("what is my balance", "mera balance kitna hai", "language"),
    ("मेरा बैलेंस", "mera balance kitna hai", "language"),
]
NO_OBJECTIONS = [
    ("what is the weather like", "how is the weather"),
    ("turn on the light", "please turn the light on"),
    ("i am late", "am i late"),
    ("i need a ticket", "get me a ticket"),
    ("a ticket to pune", "a ticket for pune"),
    ("cancel my order", "i want to cancel the order"),
    ("लाइट बंद करो", "लाइट बंद कर दो"),
    ("मेरा ऑर्डर कब आएगा", "मेरा ऑर्डर कब आयेगा"),
    ("roaming band karo", "roaming band kar do"),
    ("turn on the light", "open the light"),
    ("order status", "where is my order"),
    ("मेरा बैलेंस कितना है", "मेरा बैंक बैलेंस कितना है"),
    ("balance check", "balance check karo"),
    ("is the balance", "balance kitna is"),
]


@pytest.mark.parametrize(("one", "other", "name"), OBJECTIONS)
def test_it_objects(one: str, other: str, name: str) -> None:
    assert name in vetoes(analyse(one), analyse(other))


@pytest.mark.parametrize(("one", "other", "name"), OBJECTIONS)
def test_it_objects_whichever_side_is_stored(one: str, other: str, name: str) -> None:
    assert vetoes(analyse(one), analyse(other)) == vetoes(analyse(other), analyse(one))


@pytest.mark.parametrize(("one", "other"), NO_OBJECTIONS)
def test_it_lets_a_paraphrase_through(one: str, other: str) -> None:
    assert vetoes(analyse(one), analyse(other)) == []


def test_a_reading_says_nothing_without_taking_memory_for_it() -> None:
    reading = analyse("hello there")
    assert reading.units == frozenset()
    assert reading.units is reading.times is analyse("good morning to you").identifiers


def test_every_guard_is_tried_here() -> None:
    assert {guard.__name__ for guard in GUARDS} == {name for _, _, name in OBJECTIONS}
