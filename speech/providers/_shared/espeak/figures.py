"""Write figures without the separators of their groups of digits."""

from __future__ import annotations

import re

# The first group of one to three digits, all others of three. Each of these separators stands in no other place.
_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:[\u00a0\u2009\u202f'’]\d{3})+(?!\d)")
_GROUPED_BY_SPACES = re.compile(r"(?<![\d.,+])(?<!\d )[1-9]\d{0,2}(?: \d{3})+(?! ?\d)")
_INDIAN = re.compile(r"(?<![\d.,])[1-9]\d?(?:,\d\d)+,\d{3}(?![\d,])")
_GROUPING_BY_SPACES = frozenset(["be", "bg", "cs", "fi", "fr", "hu", "kk", "pl", "pt", "ru", "sv", "uk"])


def ungrouped(text: str, language: str) -> str:
    """Return `text` with "1 234 567", "1'234'567" and "12,34,567" as single numbers, where they can be nothing else."""
    for pattern in (_GROUPED, _INDIAN):
        text = pattern.sub(_joined, text)
    return _GROUPED_BY_SPACES.sub(_joined, text) if language in _GROUPING_BY_SPACES else text


def _joined(figure: re.Match[str]) -> str:
    return re.sub(r"\D", "", figure[0])
