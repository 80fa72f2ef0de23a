from __future__ import annotations

from typing import Any

import pytest

from speechsite.checks import check_values_are_final
from speechsite.conf import env


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ('"sk-1"', "quotation marks"),
        ("'redis://h'", "quotation marks"),
        ("redis://:${REDIS_PASSWORD}@h", "${…}"),
        ("redis://:$(REDIS_PASSWORD)@h", "${…}"),
        ("${KEY_OF_OURS:-none}", "${…}"),
        *((fine, "") for fine in ("sk-1", '"', "a$b", "$1{x}", "p${", "it's", "${a}", "$(a)", "", None)),
    ],
)
def test_a_value_that_another_program_would_change_is_a_warning(settings: Any, value: str | None, what: str) -> None:
    settings.VARIABLES_UNREPLACED = env.unreplaced({"OPENAI_API_KEY": value, "OTHERS": '"x"'})
    warnings = check_values_are_final()
    assert [warning.msg for warning in warnings] == (
        [f"settings: OPENAI_API_KEY is taken with the {what} in its value."] if what else []
    )
