from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import APIException, ParseError

from speech.api.request_body import parse_json


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": "\xff"}', "not valid UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (rb'{"text": "a\u0000b"}', "text contains a NUL"),
        (rb'{"messages": [{"content": "\ud83d"}]}', "messages.0.content contains a lone surrogate"),
        (rb'{"a\u0000": 1}', "A field name contains a NUL"),
    ],
)
def test_it_says_what_is_wrong(body: bytes, complaint: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_json(body)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("text", ["😀", "\\u0000", "\\ud83d", "नमस्ते"])
def test_it_takes_every_real_text(text: str) -> None:
    assert parse_json(json.dumps({"text": text}).encode()) == {"text": text}


@given(st.binary(max_size=200))
def test_garbage_is_an_api_error_and_nothing_else(body: bytes) -> None:
    with suppress(APIException):
        parse_json(body)
