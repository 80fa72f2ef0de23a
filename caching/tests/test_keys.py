from __future__ import annotations

import json
import random
from collections.abc import Callable
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
def test_it_gives_one_digest_to_all_spellings_of_the_same_json(value: dict[str, Any], order: random.Random) -> None:
    assert keys.content_of(json.loads(_respelled(value, order))) == keys.content_of(value)


@given(json_objects, json_objects)
def test_it_gives_two_digests_to_two_meanings(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (keys.content_of(one) == keys.content_of(other)) == (_meaning(one) == _meaning(other))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hello  there", "Hello there", True),
        (" Hello\n", "Hello", True),
        ("Red \r\n Blue", "Red\nBlue", True),
        ("Red\n\nBlue", "Red\r\n\r\n\r\nBlue", True),
        ("Red\nBlue", "Red Blue", False),
        ("Red\n\nBlue", "Red\nBlue", False),
        ("Red\x0bBlue", "Red\nBlue", True),
        ("10\u00a0000", "10 000", False),
        ("10\u2009000", "10\u00a0000", False),
        ("10\u202f000", "10 000", False),
        ("é", "e\u0301", False),
        ("hello", "Hello", False),
        ("Hello there", "Hellothere", False),
        ("Hello.", "Hello?", False),
        ("क्\u200dष", "क्ष", False),
        ("ﬁ", "fi", False),
    ],
)
def test_only_white_space_is_folded_in_speech(one: str, other: str, same: bool) -> None:
    key = [keys.speech_content(text, {}) for text in (one, other)]
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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"n": 1.0}, {"n": 2.0}, False),
        ({"t": 0.7, "n": 1.0}, {"t": 0.2, "n": 1.0}, False),
        ({"n": 1e16}, {"n": 10**16}, True),
        ({"n": 1e16}, {"n": 1e17}, False),
        ({"n": [1.0, {"m": 2.0}]}, {"n": [1, {"m": 2}]}, True),
        ({"n": "1.0"}, {"n": "1"}, False),
        ({"n": True}, {"n": 1.0}, False),
        ({"at": "http://10.0.0.1:80/v1.0", "n": 1.0}, {"at": "http://10.0.0.1:80/v1.0", "n": 1}, True),
        ({"n": [1.05, -0.0, 2.0]}, {"n": [1.05, 0, 2]}, True),
        ({"n": {"m": 1.5e300}}, {"n": {"m": int(1.5e300)}}, True),
    ],
)
def test_numbers_are_one_by_value_and_not_by_type(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (keys.content_of(one) == keys.content_of(other)) is same


def test_what_is_no_number_has_no_key() -> None:
    with pytest.raises(ValueError, match="JSON"):
        keys.content_of({"n": float("nan")})


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 10.0, 1e15, 1e16, 1.5e16, 123456789e20, -2.0])
@pytest.mark.parametrize("place", ["{}", "[{}]", "[{},1]", '{{"n":{}}}', '{{"n":{},"o":1}}'])
def test_every_whole_float_is_written_as_an_integer(number: float, place: str) -> None:
    assert keys.canonical_json(json.loads(place.format(number))) == place.format(int(number))


def test_the_canonical_form_is_sorted_and_without_white_space() -> None:
    assert keys.canonical_json({"b": [1.0, "x y"], "a": None}) == '{"a":null,"b":[1,"x y"]}'


@pytest.mark.parametrize(
    ("normalized", "key"),
    [
        ("where is it", "llm:semantic:s:where is it"),
        ("5 % a:b", "llm:semantic:s:5 %25 a%3Ab"),
        ("a*b?c[d]e\\f", "llm:semantic:s:a%2Ab%3Fc%5Bd%5De%5Cf"),
        ("a\x00b\x1fc\x7fd", "llm:semantic:s:a%00b%1Fc%7Fd"),
        ("बैलेंस", "llm:semantic:s:बैलेंस"),
        ("x" * 120, "llm:semantic:s:" + "x" * 120),
    ],
)
def test_a_question_is_readable_in_its_key(normalized: str, key: str) -> None:
    assert keys.semantic_key("s", normalized) == key


def test_a_long_question_is_cut_and_hashed() -> None:
    one, other = keys.semantic_key("s", "x" * 121), keys.semantic_key("s", "x" * 120 + "y")
    assert one.startswith("llm:semantic:s:" + "x" * 120 + "#") and len(one) == len("llm:semantic:s:") + 120 + 1 + 16
    assert one != other


def test_a_question_is_unreadable_where_that_is_asked_for(settings: Any) -> None:
    settings.CACHE_HASH_KEYS = True
    key = keys.semantic_key("s", "where is it")
    assert key.startswith("llm:semantic:s:") and "where" not in key and len(key.rpartition(":")[2]) == 32
    assert key != keys.semantic_key("s", "where is she")


def test_parts_of_a_key_hold_no_separator_and_come_back() -> None:
    key = keys.speech_key("s", keys.speech_content("Hello", {"speed": 1}), provider="a/b:c", voice="x:y/*", codec="mp3")
    kind, provider, voice, text_hash, codec = key.split(":")
    assert (kind, provider, voice, codec) == ("tts", "a%2Fb%3Ac", "x%3Ay%2F%2A", "mp3")
    assert len(text_hash) == 32
    assert keys.parse_speech_key(key) == ("a/b:c", "x:y/*", text_hash, "mp3")
    assert keys.index_key("model/1:x", "v") == "llm:query_index:model%2F1%3Ax:v"


@pytest.mark.parametrize("key", ["tts:x", "llm:a:b:c:d", "tts:a:b:c:d:e", "tts", ""])
def test_another_key_is_no_speech_key(key: str) -> None:
    with pytest.raises(ValueError, match="not a speech key"):
        keys.parse_speech_key(key)


def test_digests_keep_their_length() -> None:
    assert len(keys.content_of("a")) == 32 and len(keys.owned("s", CONTENT)) == 64


def test_entries_and_counters_keep_their_names() -> None:
    counters = (keys.LIMIT, keys.ASKED, keys.ERASED, keys.INSTALLATIONS, keys.REQUESTS)
    assert counters == ("limit", "asked", "llm:erased", "llm:installations", "llm:requests")
    assert keys.exact_key("s", CONTENT) == f"llm:exact:{HASH}"
    assert keys.speech_content("Hello", {"speed": 1}) == keys.content_of({"speed": 1, "text": "Hello"})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("llm:semantic:s:where is it", f"llm:semantic:s:#{keys.digest('where is it')[:16]}"),
        ("llm:semantic:s:is it 5:30", f"llm:semantic:s:#{keys.digest('is it 5:30')[:16]}"),
        ("llm:exact:abc", "llm:exact:abc"),
        ("tts:p:v:h:wav", "tts:p:v:h:wav"),
    ],
)
def test_a_question_is_hidden_in_the_name_of_its_entry(key: str, name: str) -> None:
    assert keys.without_text(key) == name


def test_every_option_changes_the_content_of_speech() -> None:
    made = [keys.speech_content("Hello", options) for options in ({}, {"speed": 1}, {"speed": 2}, {"voice": 1})]
    assert len({*made, keys.speech_content("Hell", {})}) == 5


CONTENT, OTHER = keys.content_of("a"), keys.content_of("b")


def test_digests_are_unpacked_as_they_were_packed() -> None:
    rest = {"v": 2, "answer": "Yes."}
    assert keys.unpacked({**rest, "digests": keys.packed(CONTENT)}) == {**rest, "content": CONTENT}
    both = {**rest, "content": CONTENT, "context": OTHER}
    assert keys.unpacked({**rest, "digests": keys.packed(CONTENT, OTHER)}) == both
    assert (len(keys.packed(CONTENT)), len(keys.packed(CONTENT, OTHER))) == (22, 43)


OF_ANOTHER_LENGTH = [{"digests": keys.packed(*digests)} for digests in ([], [CONTENT[:16]], [CONTENT, OTHER, CONTENT])]
UNPACKED = [{}, {"content": CONTENT}, {"digests": None}, {"digests": "é"}, {"digests": "A"}, *OF_ANOTHER_LENGTH]


@pytest.mark.parametrize("fields", UNPACKED)
def test_fields_without_digests_stay_as_they_are(fields: dict[str, Any]) -> None:
    assert keys.unpacked(fields) == fields


# The SHA-256 of "s", a line feed and CONTENT.
HASH = "744980f1d5fb63ddcaba2708511bbccdf0da9c985175ec240b6fcfe8c56392b7"


@pytest.mark.parametrize(
    "key_of",
    [
        keys.exact_key,
        lambda scope, content: keys.speech_key(scope, content, provider="p:q", voice="v/*", codec="wav"),
        lambda scope, content: keys.transcript_key(scope, content, provider="p/q"),
        lambda scope, content: keys.embedding_key(scope, content, provider="p"),
        lambda scope, content: keys.semantic_key(keys.owned(scope, content)[:16], "a: b"),
    ],
)
def test_an_entry_has_another_key_in_each_scope_and_can_be_moved(key_of: Callable[[str, str], str]) -> None:
    key = key_of("client:a", CONTENT)
    assert len({key, key_of("client:b", CONTENT), key_of("client:a", OTHER)}) == 3
    assert keys.rekeyed(key, "client:b", CONTENT) == key_of("client:b", CONTENT)
    assert keys.rekeyed(key, "client:a", CONTENT) == key


@pytest.mark.parametrize("key", ["llm:query_index", "llm:exact", "tts:a", "session:1:2", ""])
def test_what_is_no_entry_is_not_moved(key: str) -> None:
    with pytest.raises(ValueError, match="not the key of an entry"):
        keys.rekeyed(key, "s", CONTENT)


def test_a_key_is_recognised_in_what_is_stored_under_it() -> None:
    assert keys.self_check("llm:exact:a") != keys.self_check("llm:exact:b")
    assert len(keys.self_check("tts:\ud800")) == 12


def test_without_a_prefix_keys_are_as_documented(settings: Any) -> None:
    assert keys.make_key("llm:exact:abc", "", 1) == "llm:exact:abc"
    settings.CACHE_KEY_PREFIX = ""
    assert keys.reverse_key(":llm:exact:abc") == ":llm:exact:abc"


@pytest.mark.parametrize("kind", ["stt", "tts", "llm:exact"])
def test_a_kind_is_a_key_by_itself(kind: str) -> None:
    assert keys.kind_of(kind) == keys.kind_of(f"{kind}:x") == kind
    assert keys.kind_of(f"{kind}x") == ""
