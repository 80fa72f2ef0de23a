"""Types of arguments of commands."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

from caching import numbers


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the type of whole numbers from `least` to `most`. It raises ArgumentTypeError, which names both."""

    def parse(text: str) -> int:
        number = numbers.whole(text, least, most)
        if number is None:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text[:20]!r}")
        return number

    return parse
