from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from caching.pricing.usage import Usage


def test_cached_tokens_are_taken_out_of_the_prompt() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60}}
    assert Usage.from_tokens(usage) == Usage(input_tokens=40, cached_input_tokens=60, output_tokens=7)


@pytest.mark.parametrize("details", [None, {}, {"cached_tokens": None}])
def test_a_prompt_without_details_has_no_cached_tokens(details: Any) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": details}
    assert Usage.from_tokens(usage) == Usage(input_tokens=3, output_tokens=4)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"total_tokens": 7},
        {"prompt_tokens": "3", "completion_tokens": 4},
        {"prompt_tokens": -1, "completion_tokens": 4},
        {"prompt_tokens": 10**30, "completion_tokens": 4},
        {"prompt_tokens": 3, "completion_tokens": 2**53 - 1},
        {"prompt_tokens": 3, "completion_tokens": True},
    ],
)
def test_what_cannot_be_a_bill_is_unknown(usage: Any) -> None:
    assert Usage.from_tokens(usage) is None


def test_it_takes_units_by_name_and_ignores_others() -> None:
    assert Usage.from_billed({"characters": 42, "bananas": 1}) == Usage(characters=42)
    assert Usage.from_billed({"characters": 0}) == Usage()
    assert Usage.from_billed({}) is None


@pytest.mark.parametrize("seconds", [Decimal("NaN"), Decimal("Infinity"), Decimal("sNaN"), -1, 10**9, 2.5, True, "5"])
def test_an_odd_length_of_audio_is_unknown(seconds: Any) -> None:
    assert Usage.from_billed({"audio_seconds": seconds}) is None


def test_usages_add_up() -> None:
    assert Usage(characters=2) + Usage(characters=3, input_tokens=1) == Usage(characters=5, input_tokens=1)
