from __future__ import annotations

import pytest

from speech.text.pronounceable import is_pronounceable


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u200b", "\u00ad", "\u200d\ufe0f", "\ufeff", "---", "—", "،", "。", "…", "...", "?!", "!!!", "()", "“”",
     "__", "।", "« »", "\u0301", "\u3164", "\u2800", "\ue000", "`", ":;", "\u2060\n\t", "؟", "・・・", "¿?"],
)  # fmt: skip
def test_blanks_and_punctuation_have_no_sound(text: str) -> None:
    assert not is_pronounceable(text)


@pytest.mark.parametrize(
    "text", ["a", "7", "٧", "½", "Ⅳ", "你", "ー", "🙂", "👍🏽", "%", "@", "&", "€", "+", "=", "…a", "π", "☀️", "*"]
)
def test_letters_figures_and_signs_have(text: str) -> None:
    assert is_pronounceable(text)
