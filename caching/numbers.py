"""Whole numbers that somebody else wrote."""

from __future__ import annotations

# Larger ones do not fit into what they are used for: time limits of sockets, columns of PostgreSQL.
MOST = 2**31 - 1
# Python converts no more than some thousand.
_MOST_DIGITS = 20


def whole(text: str, least: int = 0, most: int = MOST) -> int | None:
    """Return the number that `text` is if it consists of digits and is from `least` to `most`."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if least <= number <= most else None
