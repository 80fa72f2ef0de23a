"""Keys and serializers, whatever they are given."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching import keys
from caching.redis.serializers import Audio, AudioSerializer, JSONSerializer, Unreadable

TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)
CLEAN = st.text(max_size=200)
"""Without lone surrogates, which are refused before: see speech.api.request_body."""
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, PLAIN, max_size=5)
FORBIDDEN = {*"*?[]\\", *map(chr, range(33)), "\x7f"}


@given(value=OBJECTS)
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    serializer = JSONSerializer({})
    assert serializer.loads(serializer.dumps(value)) == json.loads(json.dumps(value))


@given(
    data=st.binary(max_size=600), fields=st.dictionaries(st.text(), st.integers() | st.text(max_size=20), max_size=5)
)
def test_audio_comes_back_as_it_was(data: bytes, fields: dict[str, Any]) -> None:
    serializer = AudioSerializer({})
    stored = serializer.dumps(Audio(data, fields))
    found = serializer.loads(stored)
    assert found.data == data
    assert found.fields == json.loads(json.dumps(fields))


@given(value=st.binary(max_size=400) | st.binary(max_size=400).map(lambda rest: AudioSerializer.MAGIC + rest))
def test_bytes_that_are_no_entry_are_said_to_be_unreadable(value: bytes) -> None:
    for serializer in (JSONSerializer({}), AudioSerializer({})):
        with pytest.raises(Unreadable):
            serializer.loads(value)
    with suppress(Unreadable):
        AudioSerializer({}).loads_fields(value)


@given(data=st.binary(min_size=1, max_size=200), cut=st.integers(1, 250), more=st.binary(max_size=3))
def test_audio_that_was_cut_or_added_to_is_noticed(data: bytes, cut: int, more: bytes) -> None:
    stored = AudioSerializer({}).dumps(Audio(data, {"by": "somebody"}))
    changed = stored[: -min(cut, len(stored))] + more
    try:
        found = AudioSerializer({}).loads(changed)
    except Unreadable:
        return
    assert len(changed) == len(stored) and found.fields == {"by": "somebody"}


@given(voice=CLEAN, provider=CLEAN, codec=CLEAN, text=CLEAN)
def test_the_key_of_audio_can_be_read_back_and_widens_no_pattern(
    voice: str, provider: str, codec: str, text: str
) -> None:
    key = keys.speech_key("s", keys.speech_content(text, {}), provider=provider, voice=voice, codec=codec)
    parsed = keys.parse_speech_key(key)
    assert (parsed.provider, parsed.voice, parsed.codec) == (provider, voice, codec)
    assert key.count(":") == 4
    assert not (FORBIDDEN | {"^"}) & {*key}


@given(question=CLEAN)
def test_a_readable_key_stays_one_word_of_bounded_length(question: str) -> None:
    key = keys.semantic_key("scope", question)
    assert not (FORBIDDEN - {" "}) & {*key}
    assert key.count(":") == 3
    assert len(key) < 500
