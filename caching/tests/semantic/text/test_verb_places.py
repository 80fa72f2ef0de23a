"""Frames with little or nothing behind them are read like anything else."""

from __future__ import annotations

import pytest

from caching.semantic.text.analysis import analyse
from caching.semantic.text.lexicon import codes, phrases, words


@pytest.mark.parametrize("language", codes())
def test_a_frame_with_nothing_of_its_own_behind_it_is_read(language: str) -> None:
    frames = [phrase for name in ("frames", "asking", "telling") for phrase in phrases(language, name)]
    rest = [*sorted(words(language, "dropped") | words(language, "articles")), "?", ""]
    texts = [f"{frame} {one} {other}" for frame in frames[:40] for one in rest[:12] for other in rest[-6:]]
    assert all(analyse(text).original == text for text in texts)
