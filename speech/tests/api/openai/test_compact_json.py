from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.api.openai.compact_json import compact

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(VALUES)
@settings(max_examples=50)
def test_it_writes_what_json_writes(value: Any) -> None:
    assert compact(value) == json.dumps(value, separators=(",", ":"))


def test_half_a_character_is_escaped() -> None:
    assert compact({"content": "\ud83d"}) == '{"content":"\\ud83d"}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        compact({"sound": b""})
