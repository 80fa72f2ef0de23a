from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)


def parse_duration(text: str) -> timedelta:
    """Parse `90s`, `15m`, `24h` or `7d`, of at most ten years. Raises ArgumentTypeError."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if not match:
        raise ArgumentTypeError(f"must look like 90s, 15m, 24h or 7d, not {text!r}")
    found = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if found > _LONGEST:
        raise ArgumentTypeError(f"must be at most {_LONGEST.days}d, not {text}")
    return found
