"""Roles of the nouns: "from Paris to London", "राम ने श्याम को", "did India beat Australia"."""

from __future__ import annotations

from caching.semantic.text.analysis import Question

_OTHER_WAY = {"from": "to", "to": "from"}
_SIDES = frozenset(["than", "over", "before", "after", "against", "by", "from", "ne", "ko", "se", "ने", "को", "से"])

_SPEAKER = frozenset(["i", "me"])
_CROSSED = {frozenset(["i"]), frozenset(["me"])}

# What one does to another: "do i owe ravi" against "does ravi owe me".
_BETWEEN = frozenset(
    ["owe", "lend", "borrow", "pay", "send", "transfer", "giv", "call", "text", "trust", "lov", "lik", "know"]
)


def exchanged(a: Question, b: Question) -> bool:
    """Two words that both questions have stand in each other's place."""
    return _governed_exchanged(a, b) or _around_exchanged(a, b) or _speaker_exchanged(a, b)


def _governed_exchanged(a: Question, b: Question) -> bool:
    here, there = a.roles - b.roles, b.roles - a.roles
    if not here:
        return False
    if any((_OTHER_WAY.get(marker), word) in b.roles for marker, word in here):
        return True
    both = a.words & b.words
    return any(
        marker == other and marker in _SIDES and word in both and theirs in both
        for marker, word in here
        for other, theirs in there
    )


def _around_exchanged(a: Question, b: Question) -> bool:
    """x p y here, y p x there: the same words around the same middle. Numbers and actions move freely."""
    if len(a.content) < 3 or a.words != b.words:
        return False
    there = set(zip(b.content, b.content[1:], b.content[2:], strict=False))
    return any(x != y and (y, p, x) in there for x, p, y in zip(a.content, a.content[1:], a.content[2:], strict=False))


def _speaker_exchanged(a: Question, b: Question) -> bool:
    crossed = {a.function & _SPEAKER, b.function & _SPEAKER} == _CROSSED
    return crossed and not _BETWEEN.isdisjoint(a.words & b.words)
