"""Requests with a part of a type that the Responses API does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from speech.api.openai.responses.serializers import ResponseSerializer
from speech.exceptions import InvalidRequest

USER = {"role": "user", "content": "Hi"}
CALL = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "a", "output": "z"}
TOOL = {"type": "function", "name": "f"}


def items(*given: Any) -> dict[str, Any]:
    return {"input": [USER, *given]}


# A request with a value at one place, by the field that an error names.
PLACES: list[tuple[str, Callable[[Any], dict[str, Any]]]] = [
    ("input", lambda value: items({**CALL, "message": value})),
    ("input", lambda value: items({**CALL, "namespace": value})),
    ("input", lambda value: items({"role": "assistant", "content": "Hi", "tool_calls": value}, RESULT)),
    ("input", lambda value: items({"role": "assistant", "content": "Hi", "tool_calls": [value]}, CALL, RESULT)),
    ("input", lambda value: items({"role": "assistant", "content": value})),
    ("input", lambda value: items({"role": "assistant", "content": [value]})),
    ("input", lambda value: items({"role": "assistant", "content": [{"type": "refusal", "refusal": value}]})),
    ("input", lambda value: items({"type": "reasoning", "summary": value}, CALL)),
    ("input", lambda value: items({"type": "reasoning", "summary": [value], "reasoning_content": value}, CALL)),
    ("input", lambda value: items({"type": "reasoning", "summary": [], "encrypted_content": value})),
    ("input", lambda value: items(CALL, {**RESULT, "output": value})),
    ("text", lambda value: {**items(), "text": {"format": value}}),
    ("tools", lambda value: {**items(), "tools": [{**TOOL, "type": "custom", "format": value}]}),
    ("tool", lambda value: {**items(), "tools": [TOOL], "tool_choice": value}),
    ("tool", lambda value: {**items(), "tools": [TOOL], "tool_choice": {"type": "allowed_tools", "tools": value}}),
    ("tool", lambda value: {**items(), "tools": [TOOL], "tool_choice": {"type": "allowed_tools", "tools": [value]}}),
]


@pytest.mark.parametrize("value", [5, "x", True, None, [5], [[]], {"a": 5}, {}], ids=repr)
@pytest.mark.parametrize(("field", "place"), PLACES)
def test_a_part_of_a_wrong_type_is_passed_on_or_refused_by_the_name_of_its_field(
    field: str, place: Callable[[Any], dict[str, Any]], value: Any
) -> None:
    asked = ResponseSerializer(data=place(value))
    try:
        asked.is_valid(raise_exception=True)
        asked.to_call()
    except InvalidRequest as refusal:
        assert (refusal.param or "").startswith(field)
    except ValidationError as refusal:
        assert all(str(name).startswith(field) for name in refusal.get_full_details())
