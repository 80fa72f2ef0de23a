"""Which words of two questions have no partner in the other."""

from __future__ import annotations

from caching.semantic.text.analysis import Question
from caching.semantic.text.stemming import alike


def unmatched_words(a: Question, b: Question) -> tuple[list[str], list[str], int]:
    """The words of each side without an equal or similarly spelled partner, and the number of the latter."""
    only_a, only_b = _without(a, b), _without(b, a)
    partners = 0
    for word in tuple(only_a) if only_b else ():
        partner = next((other for other in only_b if alike(word, other)), None)
        if partner is not None:
            only_a.remove(word)
            only_b.remove(partner)
            partners += 1
    return only_a, only_b, partners


def _without(a: Question, b: Question) -> list[str]:
    return [word for word in dict.fromkeys(a.content) if word not in b.words]
