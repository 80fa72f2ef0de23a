from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching import keys

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text(max_size=8), json_values, max_size=5)


def _respelled(value: Any, order: random.Random) -> str:
    """The same JSON with its keys in another order, other white space and escapes."""
    if isinstance(value, dict):
        items = list(value.items())
        order.shuffle(items)
        return "{ " + " ,\n".join(f"{json.dumps(k)} : {_respelled(v, order)}" for k, v in items) + " }"
    if isinstance(value, list):
        return "[" + " , ".join(_respelled(item, order) for item in value) + "]"
    return json.dumps(value, ensure_ascii=order.random() < 0.5)


def _meaning(value: Any) -> Any:
    """A value that is equal exactly for JSON of the same meaning (Python finds True == 1)."""
    if isinstance(value, dict):
        return ("object", frozenset((key, _meaning(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_meaning(item) for item in value))
    return ("boolean", value) if isinstance(value, bool) else ("value", value)


@given(json_objects, st.randoms(use_true_random=False))
def test_it_gives_one_key_to_all_spellings_of_the_same_json(value: dict[str, Any], order: random.Random) -> None:
    assert keys.exact_key(json.loads(_respelled(value, order))) == keys.exact_key(value)


@given(json_objects, json_objects)
def test_it_gives_two_keys_to_two_meanings(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (keys.exact_key(one) == keys.exact_key(other)) == (_meaning(one) == _meaning(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hello  there", "Hello there", True),
        (" Hello\n", "Hello", True),
        ("Red \r\n Blue", "Red\nBlue", True),
        ("Red\n\nBlue", "Red\r\n\r\n\r\nBlue", True),
        ("Red\nBlue", "Red Blue", False),
        ("Red\n\nBlue", "Red\nBlue", False),
        ("é", "e\u0301", True),
        ("hello", "Hello", False),
        ("Hello.", "Hello?", False),
        ("क्\u200dष", "क्ष", False),
        ("ﬁ", "fi", False),
    ],
)
def test_only_unicode_form_and_white_space_are_folded_in_speech(one: str, other: str, same: bool) -> None:
    key = [keys.speech_key(provider="p", voice="v", text=text, options={}, codec="wav") for text in (one, other)]
    assert (key[0] == key[1]) is same


def test_a_prefix_stands_in_front_and_comes_off_again(settings: Any) -> None:
    settings.CACHE_KEY_PREFIX = "team"
    key = keys.make_key("llm:exact:abc", "team", 1)
    assert key == "team:llm:exact:abc"
    assert keys.reverse_key(key) == "llm:exact:abc"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("llm:exact:abc", "llm:exact"),
        ("llm:semantic:s:what is it", "llm:semantic"),
        ("llm:query_index", "llm:query_index"),
        ("tts:p:v:h:wav", "tts"),
        ("ttsx:p", ""),
        ("session:1", ""),
    ],
)
def test_it_knows_our_kinds_of_keys(key: str, kind: str) -> None:
    assert keys.kind_of(key) == kind
