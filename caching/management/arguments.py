"""Types of arguments of commands."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the type of whole numbers from `least` to `most`. It raises ArgumentTypeError, which names both."""

    def parse(text: str) -> int:
        # Python converts no more than some thousand digits.
        if not (text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text[:20]!r}")
        return int(text)

    return parse
