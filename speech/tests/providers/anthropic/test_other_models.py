"""What other models and their clients leave in a conversation, in the form that Claude takes."""

from __future__ import annotations

from typing import Any

import pytest

from speech.tests.providers.anthropic.test_request import CALL, WEATHER, body


@pytest.mark.parametrize("parameters", [None, {}, {"properties": {"city": {"type": "string"}}}, {"type": "object"}])
def test_a_tool_has_a_schema_of_an_object(parameters: Any) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": parameters}}
    [sent] = body(tools=[tool])["tools"]
    assert sent["input_schema"] == {"type": "object", **(parameters or {})}


def test_ids_of_calls_have_the_letters_of_the_api() -> None:
    call = {**CALL, "id": "functions.weather:0"}
    sent = body(
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "functions.weather:0", "content": "Rain"},
        tools=[WEATHER],
    )
    _, called, results = sent["messages"]
    assert called["content"][0]["id"] == results["content"][0]["tool_use_id"] == "functions_weather_0"
