"""Questions whose answers depend on the moment or on chance, told from those that look like them."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from caching.rules.kinds import MAX_CHARACTERS, LanguagePatterns, kinds_of, languages

TABLE: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "kinds.toml").read_text(encoding="utf-8")
)
CASES = [
    pytest.param(text, {kind} - {"neither"}, id=f"{language}-{kind}-{text}")
    for language, kinds in TABLE.items()
    for kind, texts in kinds.items()
    for text in texts
]


def test_every_language_that_is_read_has_examples_of_each_side() -> None:
    assert set(TABLE) == set(languages())
    assert all(len(examples[side]) >= 7 for examples in TABLE.values() for side in ("moment", "chance", "neither"))


@pytest.mark.parametrize(("text", "kinds"), CASES)
def test_a_question_is_of_its_kind_alone(text: str, kinds: set[str]) -> None:
    assert kinds_of(text) == kinds


@pytest.mark.parametrize(("text", "kinds"), CASES)
def test_case_and_courtesy_change_nothing(text: str, kinds: set[str]) -> None:
    assert kinds_of(f"  {text.upper().replace('ẞ', 'SS')}!! ") == kinds


@pytest.mark.parametrize("text", ["what time is it", "roll a die", "quelle heure est-il", "wirf einen Würfel"])
def test_what_is_quoted_or_stands_behind_a_colon_is_talked_about(text: str) -> None:
    assert kinds_of(text)
    for about in ('Reply to "{}"', "Is “{}” polite?", "Classify: {}", "Wie klingt „{}“?", "Text:\n{}"):
        assert kinds_of(about.format(text)) == frozenset()


def test_the_last_sentences_of_a_text_count() -> None:
    assert kinds_of("I am in Rome. It is sunny here. What time is it?") == {"moment"}
    assert kinds_of("What time is it? " + "I like trains. " * 3) == frozenset()


def test_a_long_document_is_of_no_kind() -> None:
    assert kinds_of("x " * MAX_CHARACTERS + "What time is it?") == frozenset()


@pytest.mark.parametrize("text", ["", " ", "?!", "\x00", "🎲", "١٢٣", "日本の天気", "a" * 2000, "¿" * 500, "-- ' --"])
def test_odd_input_is_of_no_kind(text: str) -> None:
    assert kinds_of(text) == frozenset()


@pytest.mark.parametrize("text", ["what is the " * 160, "how many days " * 140, "is it " * 330, "today " * 330])
def test_no_text_takes_long(text: str) -> None:
    start = time.perf_counter()
    kinds_of(text[:MAX_CHARACTERS])
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("language", languages())
def test_every_pattern_of_a_table_compiles_and_is_found_by_a_word(language: str) -> None:
    asks = LanguagePatterns(language).asks
    assert all(ask.pattern.keys for ask in asks)
    assert not [each for ask in asks for each in (ask.pattern, *ask.exceptions) if each.search("")]
