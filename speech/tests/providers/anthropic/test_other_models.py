"""What other models and their clients leave in a conversation, in the form that Claude takes."""

from __future__ import annotations

from typing import Any

import pytest

from speech.exceptions import InvalidRequest
from speech.providers._shared.anthropic import request as anthropic_request
from speech.tests.providers.anthropic.test_answer import request
from speech.tests.providers.anthropic.test_request import CALL, WEATHER, body

QUESTION = {"role": "user", "content": "Weather?"}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}
RESULTS = [{"role": "tool", "tool_call_id": id, "content": "Rain"} for id in ("call_1", "call_2")]
TEXT = {"type": "text", "media_type": "text/plain", "data": "A,;\n"}
HURRY = {"role": "user", "content": "Hurry!"}


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


@pytest.mark.parametrize("messages", [[HURRY, *RESULTS], [RESULTS[0], HURRY, RESULTS[1]], [*RESULTS, HURRY]])
def test_results_come_before_what_the_user_says_meanwhile(messages: list[dict[str, Any]]) -> None:
    sent = body(QUESTION, CALLED, *messages, tools=[WEATHER])
    blocks = sent["messages"][-1]["content"]
    assert [block["type"] for block in blocks] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in blocks[:2]] == ["call_1", "call_2"]


def test_blocks_of_the_api_itself_are_passed_on() -> None:
    """As Cursor sends them."""
    tool = {"name": "weather", "description": "Weather of a city", "input_schema": {"type": "object"}}
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain", "is_error": False}
    found = {"type": "search_result", "source": "a", "title": "b", "content": [{"type": "text", "text": "c"}]}
    sent = body(
        QUESTION,
        {"role": "assistant", "content": [{"type": "text", "text": "One moment."}, use]},
        {"role": "user", "content": [{"type": "text", "text": "Hurry!"}, result, found]},
        tools=[tool],
    )
    _, called, results = sent["messages"]
    assert sent["tools"] == [tool]
    assert called["content"][1] == use
    assert results["content"] == [result, {"type": "text", "text": "Hurry!"}, found]


@pytest.mark.parametrize("choice", [{"type": kind} for kind in ("auto", "any", "none")])
def test_a_choice_of_tools_in_the_words_of_the_api_is_passed_on(choice: dict[str, Any]) -> None:
    assert body(tools=[WEATHER], tool_choice=choice)["tool_choice"] == choice
    named = {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}
    assert body(tools=[WEATHER], tool_choice=named)["tool_choice"] == named


def test_a_call_of_the_time_before_tools_has_its_result() -> None:
    call = {"name": "weather", "arguments": '{"city": "Oslo"}'}
    sent = body(
        QUESTION,
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": "weather", "content": "Rain"},
    )
    [_, called, results] = sent["messages"]
    [use], [result] = called["content"], results["content"]
    assert (use["name"], use["input"]) == ("weather", {"city": "Oslo"})
    assert use["id"] == result["tool_use_id"]


def data(type: str, text: str = "QSw7Cg==") -> str:
    return f"data:{type};base64,{text}"


def base64_of(type: str, kind: str, text: str = "QSw7Cg==") -> dict[str, Any]:
    return {"type": kind, "source": {"type": "base64", "media_type": type, "data": text}}


@pytest.mark.parametrize(
    ("url", "block"),
    [
        (data("image/jpg"), base64_of("image/jpeg", "image")),
        (data("IMAGE/JPG"), base64_of("image/jpeg", "image")),
        (data("image/webp"), base64_of("image/webp", "image")),
        (data("application/pdf"), base64_of("application/pdf", "document")),
        (data("text/csv"), {"type": "document", "source": TEXT}),
        (data("text/csv", "/w=="), base64_of("text/csv", "document", "/w==")),
    ],
)
def test_data_are_in_the_block_of_their_type_whatever_they_are_sent_as(url: str, block: dict[str, Any]) -> None:
    sent_as = [{"type": "image_url", "image_url": {"url": url}}, {"type": "file", "file": {"file_data": url}}]
    for part in sent_as:
        sent = anthropic_request.body(request({"role": "user", "content": ["What is it?", part]}), 4096)
        assert sent["messages"][0]["content"][1] == block


@pytest.mark.parametrize("user", ["ada@example.com", "x" * 257])
def test_a_label_of_a_user_that_the_api_refuses_is_left_out(user: str) -> None:
    assert body(user=user) == body()
    assert body(user=user, safety_identifier="u1")["metadata"] == {"user_id": "u1"}
    assert body(user="u2", metadata={"user_id": user})["metadata"] == {"user_id": user}, "what is meant for the API"


@pytest.mark.parametrize("name", ["is_error", "cache_control"])
def test_fields_of_a_result_with_a_counterpart_are_passed_on(name: str) -> None:
    value = {"type": "ephemeral"} if name == "cache_control" else True
    result = {"role": "tool", "tool_call_id": "call_1", "content": "No such city", name: value, "status": "error"}
    sent = body(QUESTION, {**CALLED, "tool_calls": [CALL]}, result, tools=[WEATHER])
    [block] = sent["messages"][-1]["content"]
    assert {**block, "content": ""} == {"type": "tool_result", "tool_use_id": "call_1", "content": "", name: value}


def test_a_mark_of_a_message_is_that_of_its_last_block() -> None:
    """As routers take it."""
    mark = {"cache_control": {"type": "ephemeral"}}
    sent = body(
        {"role": "system", "content": "Be brief.", **mark},
        {"role": "user", "content": ["Look:", "Weather?"], **mark},
        {**CALLED, **mark},
        {**RESULTS[0], **mark},
        RESULTS[1],
        {"role": "assistant", "content": "", **mark},
        tools=[WEATHER],
    )
    blocks = [*sent["system"], *(block for turn in sent["messages"] for block in turn["content"])]
    assert [block.get("cache_control") == mark["cache_control"] for block in blocks] == [
        *(True, False, True),
        *(False, True),
        *(True, False),
    ]


@pytest.mark.parametrize(("word", "kind"), [("any", "any"), ("required", "any"), ("auto", "auto"), ("none", "none")])
def test_a_word_for_a_choice_of_tools_keeps_its_meaning(word: str, kind: str) -> None:
    assert body(tools=[WEATHER], tool_choice=word)["tool_choice"] == {"type": kind}


@pytest.mark.parametrize("word", ["weather", "always", 5, True, ["auto"]])
def test_any_other_word_is_refused(word: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        body(tools=[WEATHER], tool_choice=word)
    assert caught.value.param == "tool_choice"


NEUTRAL = [
    {"min_p": 0, "top_a": 0.0, "repetition_penalty": 1.0, "include_reasoning": False},
    {"verbosity": "medium"},
    {"modalities": ["text"], "functions": []},
    {"logit_bias": {}, "logprobs": False, "top_logprobs": 0},
]
CHOSEN = [
    {"min_p": 0.1},
    {"repetition_penalty": 1.1},
    {"repetition_penalty": 0},
    {"include_reasoning": True},
    {"verbosity": "low"},
    {"modalities": ["text", "audio"]},
    {"functions": [{"name": "f"}]},
    {"frequency_penalty": 0.1},
    {"web_search_options": {}},
    {"unknown": False},
]


@pytest.mark.parametrize("params", NEUTRAL)
def test_a_value_that_nobody_has_chosen_changes_nothing(params: dict[str, Any]) -> None:
    assert body(**params) == body()


@pytest.mark.parametrize("params", CHOSEN)
def test_any_other_value_without_a_counterpart_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        body(**params)
    assert caught.value.param == next(iter(params))
