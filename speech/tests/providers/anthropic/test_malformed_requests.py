"""Requests with a part of a type that Claude's API does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from speech.exceptions import InvalidRequest
from speech.providers._shared.anthropic import request as anthropic_request
from speech.tests.providers.anthropic.test_answer import request
from speech.tests.providers.anthropic.test_request import WEATHER, allowed, body


def answered(**fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"role": "assistant", "content": "Hi", **fields}, {}


def asked(*parts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"role": "user", "content": list(parts)}, {}


def with_params(**params: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"role": "user", "content": "Hi"}, params


# A message and parameters with a value at a place that only this module reads, by the field of that place.
PLACES: list[tuple[str, Callable[[Any], tuple[dict[str, Any], dict[str, Any]]]]] = [
    ("messages", lambda value: asked({"text": value})),
    ("messages", lambda value: asked({"type": "image_url", "image_url": value})),
    ("messages", lambda value: asked({"type": "image_url", "image_url": {"url": value}})),
    ("messages", lambda value: asked({"type": "file", "file": value})),
    ("messages", lambda value: asked({"type": "file", "file": {"file_data": value}})),
    ("messages", lambda value: answered(content_blocks=value)),
    ("messages", lambda value: answered(content="", content_blocks=[{"type": "text", "text": value}])),
    ("messages", lambda value: answered(content="", thinking_blocks=value)),
    ("messages", lambda value: answered(tool_calls=value)),
    ("messages", lambda value: answered(tool_calls=[{"id": "a", "function": value}])),
    ("tools", lambda value: with_params(tools=[{"type": "function", "function": value}])),
    ("tools", lambda value: with_params(tools=[{"type": "function", "function": {"name": "f", "parameters": value}}])),
    ("tool_choice", lambda value: with_params(tools=[WEATHER], tool_choice={"function": value})),
    ("tool_choice", lambda value: with_params(tools=[WEATHER], tool_choice=allowed(value))),
    ("tool_choice", lambda value: with_params(tools=[WEATHER], tool_choice=allowed("auto", value))),
    ("response_format", lambda value: with_params(response_format={"type": "json_schema", "json_schema": value})),
    ("output_config", lambda value: with_params(reasoning_effort="low", output_config=value)),
]


@pytest.mark.parametrize("value", [5, "x", True, None, [5], [[]], {"a": 5}], ids=repr)
@pytest.mark.parametrize(("field", "place"), PLACES)
def test_a_part_of_a_wrong_type_is_passed_on_or_refused_by_the_name_of_its_field(
    field: str, place: Callable[[Any], tuple[dict[str, Any], dict[str, Any]]], value: Any
) -> None:
    message, params = place(value)
    try:
        anthropic_request.body(request({"role": "user", "content": "Hi"}, message, **params), 4096)
    except InvalidRequest as refusal:
        assert refusal.param == field


@pytest.mark.parametrize("value", [5, "x", [5]], ids=repr)
def test_what_is_no_object_is_no_output_config(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="a part of output_config is missing or has a wrong type"):
        body({"role": "user", "content": "Hi"}, output_config=value)
