"""Requests of the Responses API as requests to chat."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter
from rest_framework.exceptions import APIException

from speech.api.openai.responses.chat_request import chat_body, needs_native, prefers_native, tools_of
from speech.api.openai.responses.messages import items_of
from speech.api.openai.responses.serializers import ResponseSerializer, chat_call
from speech.api.openai.responses.tools import names_in_chat
from speech.exceptions import GatewayError

CHAT: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)
SCHEMA = {"type": "object", "properties": {}}
FUNCTION = {"type": "function", "name": "f", "description": None, "parameters": SCHEMA, "strict": True}
IN_CHAT = {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}
GRAMMAR = {"type": "custom", "name": "p", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}}
GRAMMAR_IN_CHAT = {
    "type": "custom",
    "custom": {"name": "p", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}},
}
BODIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"temperature": 0.5, "top_p": 0.1, "seed": 7, "x_unknown": [1]},) * 2,
    ({"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex"},) * 2,
    ({"max_output_tokens": 9}, {"max_completion_tokens": 9}),
    ({"reasoning": {"effort": "low", "summary": "auto"}}, {"reasoning_effort": "low"}),
    (
        {"text": {"format": {"type": "text"}, "verbosity": "low"}},
        {"response_format": {"type": "text"}, "verbosity": "low"},
    ),
    (
        {
            "text": {
                "format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True, "description": None}
            }
        },
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}},
    ),
    ({"tools": [FUNCTION, GRAMMAR]}, {"tools": [IN_CHAT, GRAMMAR_IN_CHAT]}),
    (
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "f"}, "parallel_tool_calls": False},
        {
            "tools": [IN_CHAT],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "parallel_tool_calls": False,
        },
    ),
    (
        {
            "tools": [FUNCTION],
            "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        },
        {
            "tools": [IN_CHAT],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
        },
    ),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}),
    ({"top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
    ({"include": ["message.output_text.logprobs", "reasoning.encrypted_content"]}, {"logprobs": True}),
    ({"metadata": {"a": "b"}, "store": True, "truncation": "auto", "stream": True, "max_tool_calls": 3}, {}),
    ({"previous_response_id": "resp_1", "stream_options": {"include_obfuscation": False}}, {}),
]


@pytest.mark.parametrize(("body", "chat"), BODIES)
def test_a_request_in_chats_form(body: dict[str, Any], chat: dict[str, Any]) -> None:
    made = chat_body({"model": "m", **body}, items_of("Hi"))
    assert made == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **chat}
    CHAT.validate_python(made)
    assert needs_native(body, []) == []


def test_instructions_come_first() -> None:
    messages = chat_body({"instructions": "Be brief"}, items_of("Hi"))["messages"]
    assert messages == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"tools": [FUNCTION, {"type": "mcp"}]}, ["tools.1 (mcp)"]),
        ({"tools": [FUNCTION], "tool_choice": {"type": "web_search"}}, ["tool_choice (web_search)"]),
        ({"conversation": "conv_1", "prompt": {"id": "p"}}, ["conversation", "prompt"]),
        ({"context_management": [{"type": "compaction"}]}, ["context_management"]),
    ],
)
def test_what_chat_has_not_is_named(body: dict[str, Any], names: list[str]) -> None:
    assert needs_native(body, []) == names


@pytest.mark.parametrize(
    ("body", "items", "prefers"),
    [
        ({"reasoning": {"effort": "low"}, "include": [], "truncation": "disabled"}, [], False),
        ({"reasoning": {"effort": None, "summary": "auto"}}, [], True),
        ({"reasoning": {"summary": None}}, [], False),
        ({"include": ["reasoning.encrypted_content"]}, [], True),
        ({"include": ["message.output_text.logprobs"]}, [], False),
        ({"truncation": "auto"}, [], True),
        ({}, [{"type": "reasoning", "encrypted_content": "x"}], True),
        ({}, [{"type": "reasoning", "encrypted_content": None}], False),
    ],
)
def test_what_chat_would_leave_out_is_noticed(body: dict[str, Any], items: list[dict[str, Any]], prefers: bool) -> None:
    assert prefers_native(body, items) is prefers


NAMES = ["type", "role", "content", "text", "tools", "name", "summary", "call_id", "output", "arguments", "image_url"]
WORDS = ["message", "user", "assistant", "function_call", "function_call_output", "reasoning", "input_text", "function"]
ODD = st.recursive(
    st.sampled_from([None, True, 0, "", *WORDS, "custom", "namespace", "additional_tools", "input_image", "refusal"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=15,
)
BODY = st.dictionaries(
    st.sampled_from(["input", "tools", "tool_choice", "text", "reasoning", "include", "instructions", "model", "stop"]),
    ODD,
)


@given(BODY)
def test_an_odd_request_is_refused_or_understood(body: dict[str, Any]) -> None:
    with suppress(APIException, GatewayError):
        serializer = ResponseSerializer(data=body)
        serializer.is_valid(raise_exception=True)
        call = serializer.to_call()
        prefers_native(call.body, call.items)
        names_in_chat(tools_of(call.body, call.items))
        if not needs_native(call.body, call.items):
            assert chat_call(call.body, call.items).request.messages
