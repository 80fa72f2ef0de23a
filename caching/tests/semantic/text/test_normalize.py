from __future__ import annotations

import doctest
import inspect
import time
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.redaction import forget_texts
from caching.semantic import word_order
from caching.semantic.text import (
    articles,
    clauses,
    dates,
    fixed_words,
    folding,
    frames,
    hindi_senses,
    questions,
    reader,
    reading,
    verb_places,
    word_senses,
)
from caching.semantic.text import normalize as module
from caching.semantic.text.normalize import normalize
from caching.semantic.text.reader import Token
from caching.tests.support.different_meanings import KINDS, pairs

PAIRS = 5_000
"""`python -m caching.tests.support.different_meanings 100000` tries more."""
SAME = [
    ("What's the weather?", "what is the weather"),
    ("hello, what is the weather", "what is the weather"),
    ("Hi there, what is the weather", "what is the weather"),
    ("what is the weather please", "what is the weather"),
    ("what is the weather, thank you very much.", "what is the weather"),
    ("um what is the weather", "what is the weather"),
    ("Please renew my card", "renew my card"),
    ("I didn't get my order", "i did n't get my order"),
    ("i d like to pay", "I'd like to pay"),
    ("what s the weather", "what is the weather"),
    ("Will you call Ravi", "will you call Ravi"),
    ("wake me at 4 : 30", "wake me at 4:30"),
    ("I’ve lost my card", "I have lost my card"),
    ("wake me at seven", "wake me at 7"),
    ("two hundred and fifty dollars", "250 dollars"),
    ("caf\u00e9 in Paris", "cafe\u0301 in Paris"),
    ("नमस्ते, मेरा बैलेंस कितना है?", "मेरा बैलेंस कितना है"),
    ("Schalte das Licht ein, bitte.", "schalte das Licht ein"),
    ("enciende la luz por favor", "enciende la luz"),
    ("今天星期几。", "今天星期几"),
    ("now I'm home", "now i am home"),
    ("i m late", "I'm late"),
    ("we ll go home", "we'll go home"),
    ("i ve lost it", "I've lost it"),
    ("you re late", "you're late"),
    ("Will you", "will you"),
    ("May I go", "may i go"),
    ("A pill or two", "a pill or two"),
    ("Is it late", "is it late"),
    ("Stop it. Call me.", "stop it. call me"),
    ("¿Dónde está la luz?", "¿dónde está la luz?"),
    ("I am home. Are you here?", "I am home. Are you here"),
    ("Is it late？", "is it late"),
    ("Is it late??", "is it late"),
    ("Where?", "where"),
    ("मेरा बैलेंस बताओ।", "मेरा बैलेंस बताओ"),
    ("mera balance kitna hai?", "mera balance kitna hai"),
]
DIFFERENT = [
    ("kan I komme", "kan i komme"),
    ("shop open ah", "shop open"),
    ("B is fine", "b is fine"),
    ("Bill my card", "bill my card"),
    ("US news today", "us news today"),
    ("P.m. is late", "p.m. is late"),
    ("blorp zib?", "blorp zib"),
    ("he m late", "he'm late"),
    ("call IT now", "call it now"),
    ("Are you here. I am home?", "Are you here. I am home"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_words_share_one_form(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_words_that_may_differ_in_meaning_share_none(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize(
    ("word", "language", "full"),
    [
        ("didn't", "en", "did not"),
        ("an't", "en", "a not"),
        ("n't", "en", "n't"),
        ("ca't", "en", "ca't"),
        ("i'm", "en", "i am"),
        ("you're", "en", "you are"),
        ("they'll", "en", "they will"),
        ("we've", "en", "we have"),
        ("i'd", "en", "i would"),
        ("it's", "en", "it is"),
        ("john's", "en", "john's"),
        ("a1'll", "en", "a1'll"),
        ("rock'n", "en", "rock'n"),
        ("hello", "en", "hello"),
        ("gonna", "en", "going to"),
        ("gonna", "hi_latn", "going to"),
        ("it's", "hi_latn", "it is"),
        ("gonna", "es", "gonna"),
        ("it's", "es", "it's"),
    ],
)
def test_a_contraction_is_written_in_full(word: str, language: str, full: str) -> None:
    assert module.expand(Token(word, "word"), language) == [Token(part, "word") for part in full.split()]


def test_what_is_embedded_has_small_letters_and_no_final_mark() -> None:
    assert module.plain("What  is UP ?!. ") == "what is up"
    assert module.plain("Stop. Go") == "stop. go"


@pytest.mark.parametrize("kind", KINDS)
def test_different_meanings_never_share_one_form(kind: str) -> None:
    found = [pair for name, pair in pairs(PAIRS) if name == kind]
    assert found
    assert [pair for pair in found if normalize(pair[0]) == normalize(pair[1])] == []


@pytest.mark.parametrize(
    "examples",
    [
        module,
        reader,
        folding,
        reading,
        clauses,
        dates,
        fixed_words,
        frames,
        questions,
        word_senses,
        hindi_senses,
        word_order,
        articles,
        verb_places,
    ],
)
def test_the_tables_in_the_docstrings_are_true(examples: object) -> None:
    result = doctest.testmod(examples)  # type: ignore[arg-type]
    assert result.attempted
    assert result.failed == 0


@given(st.text(max_size=80))
def test_any_text_has_a_form_and_a_second_folding_changes_nothing(text: str) -> None:
    normalized = normalize(text)
    assert bool(normalized) == bool(text)
    assert normalize(normalized) == normalized


@pytest.mark.parametrize(
    "text",
    [
        "n't",
        "did n't",
        "n't you going home",
        "hello there. ?",
        "'",
        "''s",
        "-",
        ".",
        "?",
        " ",
        "'t",
        "I'",
        "\x00",
        "\ud800",
        "٣ ٤",
    ],
)
def test_an_empty_token_or_an_odd_one_is_no_failure(text: str) -> None:
    assert normalize(text)


def test_a_plain_question_takes_microseconds() -> None:
    forget_texts()
    uncached = inspect.unwrap(module.normalize)
    timer = timeit.Timer(lambda: uncached("set an alarm for 7 p.m."), timer=time.thread_time)
    assert min(timer.repeat(5, 200)) / 200 < 0.002
