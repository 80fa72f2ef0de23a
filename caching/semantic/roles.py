"""Who does what to whom: "from Paris to London", "राम ने श्याम को", "did India beat Australia"."""

from __future__ import annotations

from caching.semantic.analysis import Question

_STRICT = frozenset(
    ["from", "to", "than", "by", "over", "before", "after", "against", "ne", "ko", "se", "tak", "ने", "को", "से", "तक"]
)
_WAYS = frozenset(("from", "to"))


def exchanged(a: Question, b: Question) -> bool:
    """Two words that both questions have stand in each other's place."""
    return _governed_exchanged(a, b) or _around_exchanged(a, b)


def governed_differently(a: Question, b: Question) -> bool:
    """Some preposition governs another word that the other question has too: often harmless ("on monday for me")."""
    governs_b = dict(b.roles)
    place_b = {word: marker for marker, word in b.roles}
    known_a, known_b = set(a.content), set(b.content)
    for marker, word in a.roles:
        other = governs_b.get(marker)
        if other and other != word and word in known_b and other in known_a and (marker, word) not in b.roles:
            return True
        if marker in _WAYS and place_b.get(word, marker) in _WAYS - {marker}:
            return True
    return False


def _governed_exchanged(a: Question, b: Question) -> bool:
    governs_b = dict(b.roles)
    words_a = {word for marker, word in a.roles if marker in _STRICT}
    words_b = {word for marker, word in b.roles if marker in _STRICT}
    for marker, word in a.roles:
        if marker not in _STRICT:
            continue
        other = governs_b.get(marker)
        moved = word in words_b or other in words_a or {word, other} <= set(a.content) & set(b.content)
        if other and other != word and moved and (marker, word) not in b.roles:
            return True
        if marker in _WAYS and any(theirs in _WAYS - {marker} for theirs, governed in b.roles if governed == word):
            return True
    return False


def _around_exchanged(a: Question, b: Question) -> bool:
    """x p y here, y p x there: the same words around the same middle. Numbers and actions move freely."""
    if len(a.content) < 3 or set(a.content) != set(b.content):
        return False
    there = set(zip(b.content, b.content[1:], b.content[2:], strict=False))
    return any((y, p, x) in there for x, p, y in zip(a.content, a.content[1:], a.content[2:], strict=False))
