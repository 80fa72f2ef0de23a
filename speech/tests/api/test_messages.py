from __future__ import annotations

from typing import Any

import pytest

from speech.api.messages import validate_messages
from speech.exceptions import InvalidRequest

USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    "messages",
    [
        [USER],
        [{"role": "system", "content": ""}, USER],
        [{"role": "developer", "content": "Be brief."}, USER],
        [
            {
                "role": "user",
                "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "x"}}],
            }
        ],
        [USER, {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, {"role": "tool", "content": "42"}],
        [{**USER, "name": "ann", "something_new": [1, 2]}],
    ],
)
def test_it_passes_on_what_it_was_given(messages: list[dict[str, Any]]) -> None:
    assert validate_messages(messages) == messages


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        (None, "messages"),
        ([], "messages"),
        ("hello", "messages"),
        (["hello"], "messages.0"),
        ([{"content": "x"}], "messages.0.role"),
        ([{"role": "robot", "content": "x"}], "messages.0.role"),
        ([{"role": ["user"], "content": "x"}], "messages.0.role"),
        ([{"role": "user"}], "messages.0.content"),
        ([{"role": "user", "content": 5}], "messages.0.content"),
        ([{"role": "user", "content": " \n"}], "messages.0.content"),
        ([{"role": "user", "content": []}], "messages.0.content"),
        ([{"role": "user", "content": ["x"]}], "messages.0.content.0"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages.0.content.0.text"),
        ([USER, {"role": "assistant", "content": None}], "messages.1.content"),
        ([USER, {"role": "system", "content": "x"}], "messages"),
    ],
)
def test_it_names_the_place_that_is_wrong(messages: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        validate_messages(messages)
    assert caught.value.param == param


def test_it_refuses_more_text_than_allowed(settings: Any) -> None:
    settings.MAX_TEXT_CHARACTERS = 10
    with pytest.raises(InvalidRequest) as caught:
        validate_messages([USER, USER, USER])
    assert caught.value.code == "text_too_long"
