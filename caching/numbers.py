"""Whole numbers that somebody else wrote.

>>> whole("8000", 1, 65_535), whole("0", 1, 65_535), whole("-1"), whole("9" * 5000)
(8000, None, None, None)
"""

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
