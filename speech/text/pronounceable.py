"""Tell texts that can be spoken from those of blanks and punctuation only."""

from __future__ import annotations

import re
import unicodedata

# Punctuation that is read out: "percent", "at", "slash". Any other only shapes what stands around it.
_NAMED = frozenset("#%&*@/\\§¶‰‱٪")
# Letters and a symbol by their category, blank by their shape: Hangul fillers and the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_SPOKEN = ("L", "N", "Sc", "Sm", "So")
_WORD = re.compile(r"[0-9A-Za-z]")


def is_pronounceable(text: str) -> bool:
    """Tell if `text` has a letter, a figure, a symbol or an emoji: some engine may have a name for it."""
    return bool(_WORD.search(text)) or any(map(_is_spoken, text))


def _is_spoken(character: str) -> bool:
    return character in _NAMED or (unicodedata.category(character).startswith(_SPOKEN) and character not in _BLANK)
