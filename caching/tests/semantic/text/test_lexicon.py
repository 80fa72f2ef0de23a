from __future__ import annotations

from pathlib import Path

import pytest

from caching.semantic import text
from caching.semantic.text import lexicon
from caching.semantic.text.lexicon import codes, languages_with, table

SOURCE = "".join(path.read_text(encoding="utf-8") for path in Path(text.__path__[0]).parent.rglob("*.py"))


@pytest.mark.parametrize("language", codes())
def test_every_table_of_a_language_is_read(language: str) -> None:
    names = {*table(language), *table(language)["guards"]}
    assert {name for name in names if f'"{name}"' not in SOURCE} == set()


@pytest.mark.parametrize("language", codes())
def test_every_fact_of_a_language_is_explained(language: str) -> None:
    facts = [name for name, value in table(language).items() if value is True]
    assert [fact for fact in facts if f"    {fact} " not in (lexicon.__doc__ or "")] == []


def test_a_fact_holds_for_the_languages_whose_file_says_so() -> None:
    assert languages_with("verb_last") == {"de", "nl"}
    assert "hi" in languages_with("borrows_english")
    assert languages_with("never_said") == frozenset()
