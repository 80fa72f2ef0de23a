"""Conversations of the Responses API as chat messages."""

from __future__ import annotations

import math
from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from speech.api.openai.responses.encrypted_content import packed
from speech.api.openai.responses.messages import items_of, messages_of, native_items
from speech.exceptions import InvalidRequest

CHAT: TypeAdapter[Any] = TypeAdapter(list[ChatCompletionMessageParam])
USER = {"role": "user", "content": "Hi"}
SAID = {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "phase": None}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm"}]}


def said(*texts: str) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"type": "output_text", "text": text, "annotations": [], "logprobs": None} for text in texts
    ]
    return {**SAID, "content": parts}


def call(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{number}",
        "call_id": f"c{number}",
        "name": "f",
        "arguments": "{}",
        **more,
    }


def result(number: int, output: Any = "ok") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": f"c{number}", "output": output}


def chat_call(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": "f", "arguments": "{}"}, **more}


def asks(*numbers: int, content: Any = None, **more: Any) -> dict[str, Any]:
    calls = [chat_call(number) for number in numbers]
    return {"role": "assistant", "content": content, "tool_calls": calls, **more}


def tool(number: int, content: Any = "ok") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"c{number}", "content": content}


CONVERSATIONS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("a text", [USER], [USER]),
    ("without a type", [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}], [USER]),
    (
        "an image",
        [{"role": "user", "content": [{"type": "input_image", "detail": "auto", "file_id": None, "image_url": "u"}]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]}],
    ),
    (
        "a file and a sound",
        [
            {
                "role": "user",
                "content": [
                    {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
                    {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}},
                ],
            }
        ],
        [
            {
                "role": "user",
                "content": [
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x"}},
                    {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}},
                ],
            }
        ],
    ),
    ("an earlier answer", [USER, said("Hello"), USER], [USER, {"role": "assistant", "content": "Hello"}, USER]),
    (
        "an earlier refusal",
        [USER, {**SAID, "content": [{"type": "refusal", "refusal": "No"}]}],
        [USER, {"role": "assistant", "content": None, "refusal": "No"}],
    ),
    ("parallel calls", [USER, call(1), call(2), result(1), result(2)], [USER, asks(1, 2), tool(1), tool(2)]),
    ("calls in turn", [call(1), result(1), call(2), result(2)], [asks(1), tool(1), asks(2), tool(2)]),
    ("a text before its call", [said("Wait"), call(1), result(1)], [asks(1, content="Wait"), tool(1)]),
    ("a text after its call", [call(1), said("Wait"), result(1)], [asks(1, content="Wait"), tool(1)]),
    (
        "texts on both sides",
        [said("A"), call(1), said("B"), result(1)],
        [asks(1, content=[{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]), tool(1)],
    ),
    ("a blank text before its call", [said(""), call(1), result(1)], [asks(1), tool(1)]),
    ("a word in between", [call(1), USER, result(1)], [asks(1), tool(1), USER]),
    ("results in another order", [call(1), call(2), result(2), result(1)], [asks(1, 2), tool(2), tool(1)]),
    (
        "a result in parts",
        [call(1), result(1, [{"type": "input_text", "text": "ok"}])],
        [asks(1), tool(1)],
    ),
    (
        "a custom tool",
        [
            {"type": "custom_tool_call", "call_id": "c1", "name": "f", "input": "x"},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": "ok"},
        ],
        [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "f", "input": "x"}}],
            },
            tool(1),
        ],
    ),
    (
        "reasoning of this turn",
        [USER, THOUGHT, call(1), result(1)],
        [USER, asks(1, reasoning_content="Hm"), tool(1)],
    ),
    (
        "reasoning between two calls",
        [USER, THOUGHT, call(1), THOUGHT, call(2)],
        [USER, asks(1, 2, reasoning_content="HmHm")],
    ),
    (
        "a summary of it",
        [USER, {**THOUGHT, "content": [], "summary": [{"type": "summary_text", "text": "Hm"}]}, call(1)],
        [USER, asks(1, reasoning_content="Hm")],
    ),
    ("reasoning of an earlier turn", [THOUGHT, said("A"), USER], [{"role": "assistant", "content": "A"}, USER]),
    (
        "fields of the provider's message",
        [USER, call(1, extra_content={"s": 1}, message={"thinking_blocks": [1]})],
        [USER, {**asks(thinking_blocks=[1]), "tool_calls": [chat_call(1, extra_content={"s": 1})]}],
    ),
]


@pytest.mark.parametrize(
    ("items", "messages"),
    [(items, messages) for _, items, messages in CONVERSATIONS],
    ids=[name for name, _, _ in CONVERSATIONS],
)
def test_a_conversation_in_chats_form(items: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
    assert messages_of(items_of(items)) == messages
    assert native_items(items) == []
    CHAT.validate_python(messages)


@pytest.mark.parametrize(
    "content",
    [
        "chat.",
        "chat.e30=",
        "chat.!!",
        packed({}, {})[:-2],
        packed({"role": "user"}, {}),
        packed({"thinking_blocks": [math.nan]}, {}),
    ],
)
def test_a_carried_item_that_was_changed_adds_nothing(content: str) -> None:
    carried = {"type": "reasoning", "encrypted_content": content}
    assert messages_of([carried, USER, call(1), carried, result(1)]) == [USER, asks(1), tool(1)]


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "user", "content": 5}, "input.0.content"),
        ({"role": "user", "content": ["x"]}, "input.0.content.0"),
        ({"role": "user", "content": [{"type": "input_text"}]}, "input.0.content.0.text"),
        ({"role": "user", "content": [{"type": "input_file"}]}, "input.0.content.0"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input.0.call_id"),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": {}}, "input.0.arguments"),
        ({"type": "function_call_output", "output": "x"}, "input.0.call_id"),
        ("x", "input.0"),
    ],
)
def test_a_mistake_names_the_item(item: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        messages_of(items_of([item]))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"type": "web_search_call", "id": "ws_1"}, "input.0 (web_search_call)"),
        ({"type": "computer_call_output", "output": {}}, "input.0 (computer_call_output)"),
        ({"role": "user", "content": [{"type": "input_file", "file_url": "u"}]}, "input.0.content.0.file_url"),
        ({"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}, "input.0.content.0.file_id"),
    ],
)
def test_what_chat_has_not_is_named(item: dict[str, Any], name: str) -> None:
    assert native_items([item]) == [name]
