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
    ],
)
def test_it_says_what_is_wrong(body: bytes, complaint: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_json(body)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("body", "field", "complaint"),
    [
        (rb'{"text": "a\u0000b"}', "text", "Contains a NUL"),
        (rb'{"messages": [{"content": "\ud83d"}]}', "messages.0.content", "Contains a lone surrogate"),
        (rb'{"input": ["a", "\udc00"]}', "input.1", "Contains a lone surrogate"),
        (rb'{"a\u0000": 1}', "a\ufffd", "The name contains a NUL"),
        (rb'{"metadata": {"a\ud800": 1}}', "metadata.a?", "The name contains a lone surrogate"),
    ],
)
def test_it_names_the_field_with_what_is_no_text(body: bytes, field: str, complaint: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_json(body)
    assert isinstance(caught.value.detail, dict)
    [(name, [problem])] = caught.value.detail.items()
    assert name == field and complaint in problem


@pytest.mark.parametrize("text", ["😀", "\\u0000", "\\ud83d", "नमस्ते"])
def test_it_takes_every_real_text(text: str) -> None:
    assert parse_json(json.dumps({"text": text}).encode()) == {"text": text}


def test_a_conversation_may_hold_a_nul_but_no_half_of_a_character() -> None:
    assert parse_json(rb'{"text": "a\u0000b"}', takes_nul=True) == {"text": "a\0b"}
    for body in (rb'{"text": "a\ud800b"}', rb'{"a\u0000": 1}'):
        with pytest.raises(ParseError):
            parse_json(body, takes_nul=True)


@given(st.binary(max_size=200))
def test_garbage_is_an_api_error_and_nothing_else(body: bytes) -> None:
    with suppress(APIException):
        parse_json(body)
