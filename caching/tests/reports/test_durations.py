from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from caching.reports.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("3650d", timedelta(days=3650)),
        ("315360000s", timedelta(days=3650)),
    ],
)
def test_a_duration_has_a_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "7", "d", "7w", "-7d", "1.5h", "7 d", "yesterday"])
def test_it_says_what_a_duration_looks_like(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="must look like 90s, 15m, 24h or 7d"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3651d", "999999d", "87601h", "999999999s"])
def test_a_duration_of_more_than_ten_years_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="must be at most 3650d"):
        parse_duration(text)
