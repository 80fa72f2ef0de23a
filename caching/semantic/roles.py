"""Who does what to whom: "from Paris to London", "राम ने श्याम को", "did India beat Australia"."""

from __future__ import annotations

from caching.semantic.analysis import Question

_WAYS = ("from", "to")
_SIDES = frozenset(["than", "over", "before", "after", "against", "by", "from", "ne", "ko", "se", "ने", "को", "से"])


# What one does to another: "do i owe ravi" against "does ravi owe me".
_BETWEEN = frozenset(
    ["owe", "lend", "borrow", "pay", "send", "transfer", "giv", "call", "text", "trust", "lov", "lik", "know"]
)


def exchanged(a: Question, b: Question) -> bool:
    """Two words that both questions have stand in each other's place."""
    return _governed_exchanged(a, b) or _around_exchanged(a, b) or _speaker_exchanged(a, b)


def _governed_exchanged(a: Question, b: Question) -> bool:
    there, here = set(b.roles), set(a.roles)
    if any(("to", word) in there for marker, word in here - there if marker == "from"):
        return True
    if any(("from", word) in there for marker, word in here - there if marker == "to"):
        return True
    both = set(a.content) & set(b.content)
    return any(
        marker == other and marker in _SIDES and word in both and theirs in both
        for marker, word in here - there
        for other, theirs in there - here
    )


def _around_exchanged(a: Question, b: Question) -> bool:
    """x p y here, y p x there: the same words around the same middle. Numbers and actions move freely."""
    if len(a.content) < 3 or set(a.content) != set(b.content):
        return False
    there = set(zip(b.content, b.content[1:], b.content[2:], strict=False))
    return any(x != y and (y, p, x) in there for x, p, y in zip(a.content, a.content[1:], a.content[2:], strict=False))


def _speaker_exchanged(a: Question, b: Question) -> bool:
    only_a, only_b = a.function - b.function, b.function - a.function
    crossed = ("i" in only_a and "me" in only_b) or ("me" in only_a and "i" in only_b)
    return crossed and not _BETWEEN.isdisjoint(set(a.content) & set(b.content))
