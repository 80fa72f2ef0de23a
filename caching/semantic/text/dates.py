"""A day of the month as one time.

>>> for text in ["weather on 7th of March", "weather for March 7th", "call by 3rd", "on 3rd floor", "March 2 people"]:
...     print(*dated(text.split()))
weather on @march_7
weather for @march_7
call by @3rd
on 3rd floor
March 2 people
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_MONTHS = frozenset(
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_DAY = re.compile(r"([12]?\d|3[01])(st|nd|rd|th)?")
_BEFORE_DAYS = frozenset(["on", "for", "by", "until", "from", "to", "since", "before", "after", "of", "through", "and"])
_AFTER_DAYS = frozenset(["at", "in", "of", ",", "|"]) | _BEFORE_DAYS


def dated(tokens: Sequence[str]) -> Iterator[str]:
    """`tokens` with "@march_7" for a day and its month in either order, and "@7th" for a day alone."""
    at = 0
    while at < len(tokens):
        length, date = _date(tokens, at)
        yield date or tokens[at]
        at += max(length, 1)


def _date(tokens: Sequence[str], at: int) -> tuple[int, str]:
    """Number of words of the date that starts at `at`, and the date; (0, "") where there is none."""
    token = tokens[at]
    month, match = _month(token), _DAY.fullmatch(token)
    if not month and not match:
        return 0, ""
    rest = tokens[at + 1 :]
    if month and rest and (day := _day(rest[0], rest[1:])):
        return 2, f"@{month}_{day}"
    if not match:
        return 0, ""
    between = rest[:1] == ["of"]
    if len(rest) > between and (month := _month(rest[between])):
        return 2 + between, f"@{month}_{match[1]}"
    if match[2] and at and tokens[at - 1] in _BEFORE_DAYS and _ends(rest):
        return 1, f"@{token}"
    return 0, ""


def _month(token: str) -> str:
    """Lower-case "may" is a verb."""
    name = token.removeprefix("@").lower()
    return name if name in _MONTHS and token != "may" else ""


def _day(token: str, rest: Sequence[str]) -> str:
    """A figure without an ending counts what follows, if anything does: "2 people"."""
    match = _DAY.fullmatch(token)
    return match[1] if match and (match[2] or _ends(rest)) else ""


def _ends(rest: Sequence[str]) -> bool:
    return not rest or rest[0] in _AFTER_DAYS or rest[0][:1] == "@"
