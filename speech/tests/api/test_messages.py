from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.api.messages import ROLES, validate_messages
from speech.exceptions import InvalidRequest

USER = {"role": "user", "content": "Hello"}
SYSTEM = {"role": "system", "content": "Greet the user."}
CALLS = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


@given(st.lists(st.sampled_from(ROLES), min_size=1, max_size=6), st.sampled_from(["", " \n", "Hello"]))
def test_roles_come_in_any_order_and_texts_may_be_blank(roles: list[str], text: str) -> None:
    messages = [{"role": role, "content": text} for role in roles]
    assert validate_messages(messages) == messages


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "image_url", "image_url": {"url": "x"}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}]},
        {"role": "assistant", "content": None, "tool_calls": CALLS},
        {"role": "assistant", "content": [], "tool_calls": CALLS},
        {"role": "assistant", "content": "", "tool_calls": CALLS},
        {"role": "assistant", "tool_calls": CALLS},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "assistant", "content": None, "refusal": "I cannot help with that."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
        {"role": "assistant", "content": None, "reasoning_content": "Let me think."},
        {"role": "assistant", "content": None, "thinking_blocks": [{"type": "thinking", "thinking": "Well."}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Well."}]}]},
        {"role": "assistant", "content": None},
        {"role": "user", "content": []},
        # vLLM takes these.
        {"role": "user", "content": ["What is it?", {"image_url": "https://example.com/a.png"}, {"type": None}]},
        {"role": "tool", "tool_call_id": "1", "content": None},
        {"role": "tool", "tool_call_id": "1", "content": []},
        {"role": "tool", "tool_call_id": "1"},
        {"role": "function", "name": "f", "content": None},
        {**USER, "name": "ann", "something_new": [1, 2]},
    ],
)
def test_it_passes_on_what_it_was_given(message: dict[str, Any]) -> None:
    assert validate_messages([message]) == [message]


@pytest.mark.parametrize("role", ["control", "document 1", "thinking"])
@pytest.mark.parametrize("content", ["x", None])
def test_a_role_that_only_some_models_know_is_taken_where_it_can_be_passed_on(role: str, content: str | None) -> None:
    message = {"role": role, "content": content}
    assert validate_messages([message, USER], takes_any_role=True) == [message, USER]
    with pytest.raises(InvalidRequest, match=r"messages\.0\.role must be one of"):
        validate_messages([message, USER])


@pytest.mark.parametrize("role", ["", None, 5, ["user"], {"a": 1}])
def test_a_role_is_a_word(role: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\.0\.role must be one of"):
        validate_messages([{"role": role, "content": "x"}], takes_any_role=True)


def test_a_field_that_is_null_is_absent() -> None:
    unset = dict.fromkeys(("name", "tool_calls", "refusal", "audio", "function_call"))
    assert validate_messages([{**USER, **unset}]) == [USER]


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ([], "messages"),
        ("hello", "messages"),
        ({"role": "user"}, "messages"),
        (["hello"], "messages.0"),
        ([USER, None], "messages.1"),
        ([{"content": "x"}], "messages.0.role"),
        ([{"role": "robot", "content": "x"}], "messages.0.role"),
        ([{"role": ["user"], "content": "x"}], "messages.0.role"),
        ([{"role": "user"}], "messages.0.content"),
        ([{"role": "system", "content": None}], "messages.0.content"),
        ([{"role": "user", "content": 5}], "messages.0.content"),
        ([{"role": "user", "content": {"type": "text", "text": "x"}}], "messages.0.content"),
        ([{"role": "user", "content": [5]}], "messages.0.content.0"),
        ([{"role": "user", "content": ["x", {"type": 5}]}], "messages.0.content.1"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text"),
        ([{"role": "user", "content": [{"type": "input_text", "text": 5}]}], "messages.0.content.0.text"),
        ([USER, {"role": "assistant", "content": 5}], "messages.1.content"),
    ],
)
def test_it_names_the_place_that_is_wrong(messages: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        validate_messages(messages)
    assert caught.value.param == param


def test_a_conversation_is_as_long_as_it_is_unless_there_is_a_limit(settings: Any) -> None:
    assert validate_messages([{**USER, "content": "x" * 100_000}])
    settings.MAX_CONVERSATION_CHARACTERS = 10
    assert validate_messages([USER, USER])
    with pytest.raises(InvalidRequest) as caught:
        validate_messages([USER, USER, USER])
    assert (caught.value.code, caught.value.param) == ("text_too_long", "messages")
