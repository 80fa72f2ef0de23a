"""What makes two requests to a model the same one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from caching.llm.request import text_of
from caching.tests.support.asking import QUESTION

TEXT = {"type": "string"}
REASON_FIRST = {"type": "object", "properties": {"reasoning": TEXT, "answer": TEXT}}
ANSWER_FIRST = {"properties": {"answer": TEXT, "reasoning": TEXT}, "type": "object"}


def within(schema: Any) -> list[dict[str, Any]]:
    """Parameters that hold `schema` in each of the places where servers take one."""
    return [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}},
        {"tools": [{"type": "function", "function": {"name": "a", "parameters": schema}}]},
        {"guided_json": schema},
        {"tools": [{"parameters": {"properties": {"inner": schema}}}]},
        {"response_format": {"schema": {"$defs": {"A": schema}, "properties": {"a": {"$ref": "#/$defs/A"}}}}},
    ]


def key(params: dict[str, Any]) -> str:
    return replace(QUESTION, params=params).key


@pytest.mark.parametrize(("first", "second"), [*zip(within(REASON_FIRST), within(ANSWER_FIRST), strict=True)])
def test_fields_of_a_schema_in_another_order_are_another_request(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert key(first) != key(second)


@pytest.mark.parametrize("params", within(REASON_FIRST))
def test_the_order_of_all_other_names_says_nothing(params: dict[str, Any]) -> None:
    assert key(params) == key(turned(params))


def turned(value: Any) -> Any:
    """Turn the order of every object but those called `properties`."""
    if isinstance(value, list):
        return [turned(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {inner: turned(item) for inner, item in value[name].items()}
        if name == "properties"
        else turned(value[name])
        for name in reversed(value)
    }


def test_which_of_two_schemas_has_which_order_matters() -> None:
    def both(first: Any, second: Any) -> dict[str, Any]:
        return {"tools": [{"parameters": first}, {"parameters": second}]}

    keys = {key(both(*pair)) for pair in [(REASON_FIRST, ANSWER_FIRST), (ANSWER_FIRST, REASON_FIRST)]}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Hi", "Hi"),
        (None, ""),
        ([{"type": "text", "text": "Hi"}, {"type": "image_url"}, "you", {"text": None}, 5], "Hi you"),
        ({"text": "Hi"}, ""),
    ],
)
def test_the_text_of_a_message_is_that_of_all_its_parts(content: Any, text: str) -> None:
    assert text_of({"role": "user", "content": content}) == text
