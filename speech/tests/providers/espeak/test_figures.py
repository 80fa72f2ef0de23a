from __future__ import annotations

import pytest

from speech.providers._shared.espeak.figures import ungrouped


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("1 234 567", "fr"),
        ("1 234 567", "ru"),
        ("1\u00a0234\u00a0567", "en"),
        ("1\u202f234\u202f567", "fr"),
        ("1'234'567", "de"),
        ("1’234’567", "it"),
        ("12,34,567", "en"),
        ("12,34,567", "hi"),
    ],
)
def test_groups_of_digits_are_one_number(written: str, language: str) -> None:
    assert ungrouped(f"({written}).", language) == "(1234567)."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("+7 495 123 45 67", "ru"),
        ("06 123 456", "fr"),
        ("room 123 456", "en"),
        ("1,234,567", "en"),
        ("10,20,30", "en"),
        ("2026 123", "ru"),
        ("5' 200", "en"),
    ],
)
def test_what_may_be_several_numbers_is_left_as_it_is(text: str, language: str) -> None:
    assert ungrouped(text, language) == text
