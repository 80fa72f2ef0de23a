from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caching.redis.serializers import Audio, AudioSerializer, JSONSerializer, Unreadable

json_serializer = JSONSerializer({})
audio_serializer = AudioSerializer({})
fields = st.dictionaries(st.text(max_size=10), st.integers() | st.text(max_size=20), max_size=5)


def test_json_is_readable_in_redis() -> None:
    value = json_serializer.dumps({"answer": "नमस्ते"})
    assert value.startswith('{"answer":"नमस्ते",'.encode())
    assert json.loads(value)["answer"] == "नमस्ते"


@given(st.binary(max_size=300), fields, st.data())
def test_truncated_audio_is_noticed(audio: bytes, fields: dict[str, Any], data: st.DataObject) -> None:
    whole = audio_serializer.dumps(Audio(audio, fields))
    shorter = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Unreadable):
        audio_serializer.loads(shorter)


@given(st.binary(min_size=1, max_size=300), fields, st.data())
def test_a_byte_that_was_changed_is_noticed(audio: bytes, fields: dict[str, Any], data: st.DataObject) -> None:
    for serializer, value in ((audio_serializer, Audio(audio, fields)), (json_serializer, fields)):
        whole = bytearray(serializer.dumps(value))  # type: ignore[arg-type]
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
        with pytest.raises(Unreadable):
            serializer.loads(bytes(whole))


@pytest.mark.parametrize("value", [b"123", b"[]", b'"text"', b'{"a":1}', b"null", b"[" * 100_000])
def test_json_that_is_no_object_is_unreadable(value: bytes) -> None:
    with pytest.raises(Unreadable):
        json_serializer.loads(value)
