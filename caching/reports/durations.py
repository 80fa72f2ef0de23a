from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Parse `90s`, `15m`, `24h` or `7d`. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not match:
        raise ArgumentTypeError(f"must look like 90s, 15m, 24h or 7d, not {text!r}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
