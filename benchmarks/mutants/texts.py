"""Tables inside a text: words in a row, and the alternatives of a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator

FEWEST_WORDS = 4
"""A text of at least so many words and nothing else is a table."""
_PREFIX = re.compile(r"\((?:\?(?:[:=!>]|<[=!]|P<\w+>|[a-z]+:))?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")


def without_one(text: str) -> Iterator[tuple[str, str]]:
    """Each word or alternative that can be left out, and the text without it; nothing if the text is no table."""
    words = text.split()
    if len(words) >= FEWEST_WORDS and re.fullmatch(r"[\w\s'’-]+", text):
        for at, word in enumerate(words):
            yield word, " ".join(words[:at] + words[at + 1 :])
    elif "|" in text:
        for start, end in _alternatives(text):
            left, right = text[:start], text[end:]
            shorter = left.removesuffix("|") + right if left.endswith("|") else left + right.removeprefix("|")
            if _compiles(shorter):
                yield text[start:end], shorter


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _alternatives(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every alternative, of the whole text and of each group in it."""
    open_groups: list[list[int]] = [[0]]
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif (found := _CLASS.match(text, at)) is not None:
            at = found.end()
        elif (found := _PREFIX.match(text, at)) is not None:
            at = found.end()
            open_groups.append([at])
        elif text[at] == "|":
            open_groups[-1].append(at + 1)
            at += 1
        else:
            if text[at] == ")" and len(open_groups) > 1:
                yield from _spans(open_groups.pop(), at)
            at += 1
    yield from _spans(open_groups[0], len(text))


def _spans(starts: list[int], end: int) -> Iterator[tuple[int, int]]:
    if len(starts) > 1:
        yield from zip(starts, [*(start - 1 for start in starts[1:]), end], strict=True)
