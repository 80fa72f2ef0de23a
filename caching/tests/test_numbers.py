from __future__ import annotations

import pytest

from caching import numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("65535", 65_535),
        ("٣", 3),
        *((text, None) for text in ("", "0", "65536", "-1", "+1", "1.0", "1_0", " 1", "²", "9" * 5000)),
    ],
    ids=lambda value: str(value)[:9],
)
def test_a_number_consists_of_digits_and_is_within_its_bounds(text: str, number: int | None) -> None:
    assert numbers.whole(text, 1, 65_535) == number


def test_without_bounds_it_fits_into_a_column_of_the_database() -> None:
    assert (numbers.whole("0"), numbers.whole(str(2**31 - 1)), numbers.whole(str(2**31))) == (0, 2**31 - 1, None)
