"""Requests to Claude, as Anthropic's SDK types want them."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from pydantic import TypeAdapter

from speech.exceptions import InvalidRequest, UnsupportedFeature
from speech.providers._shared.anthropic import request as anthropic_request
from speech.providers.base import ChatRequest
from speech.tests.providers.anthropic.test_answer import request

PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CLOCK = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object"}, "strict": True},
    "defer_loading": True,
}
CLOCK_IN_MESSAGES = {"name": "clock", "input_schema": {"type": "object"}, "strict": True, "defer_loading": True}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
CODE = {"type": "code_execution_20250522", "name": "code_execution"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}


@cache
def anthropics_type() -> TypeAdapter[Any]:
    """Made once: it takes a thousand times longer than to check a request."""
    types = pytest.importorskip("anthropic.types.message_create_params")
    return TypeAdapter(types.MessageCreateParamsNonStreaming)


def body(*messages: dict[str, Any], **params: Any) -> dict[str, Any]:
    """The body of a request, which Anthropic's own types accept."""
    sent = anthropic_request.body(request(*messages, **params), 4096)
    anthropics_type().validate_python(sent)
    return sent


def allowed(mode: str, *tools: str | dict[str, Any]) -> dict[str, Any]:
    named = [{"type": "function", "function": {"name": tool}} if isinstance(tool, str) else tool for tool in tools]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": named}}


# Tools that a choice allows of CLOCK, WEATHER, SEARCH and CODE, and those that are sent.
ALLOWED: list[tuple[list[Any], list[dict[str, Any]]]] = [
    ([{"type": "web_search_20250305"}], [SEARCH]),
    ([SEARCH], [SEARCH]),
    ([{"type": "web_search", "name": "web_search"}, "clock"], [CLOCK_IN_MESSAGES, SEARCH]),
    ([{"type": "function", "name": "clock"}], [CLOCK_IN_MESSAGES]),
    ([SEARCH, {"type": "code_execution_20250522"}], [SEARCH, CODE]),
]


@pytest.mark.parametrize("wanted", [[], ["time"], ["clock", "time"], [{"type": "web_fetch"}], [{"name": "web_fetch"}]])
def test_a_choice_among_tools_that_are_not_there_is_refused(wanted: list[Any]) -> None:
    with pytest.raises(InvalidRequest, match="not among the tools"):
        body(tools=[WEATHER, CLOCK, SEARCH], tool_choice=allowed("required", *wanted))


def effort(effort: str) -> dict[str, Any]:
    return {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}}


def test_system_messages_go_to_the_field_of_their_own() -> None:
    cached = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}
    sent = body(
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [cached]},
        {"role": "user", "content": "Hi"},
    )
    assert sent["system"] == [{"type": "text", "text": "Be brief."}, cached]
    assert sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def test_a_conversation_of_system_messages_alone_is_one_that_the_api_takes() -> None:
    sent = body({"role": "system", "content": "Greet the caller."})
    assert [turn["role"] for turn in sent["messages"]] == ["user"]


def test_tool_calls_and_results_keep_their_ids_and_results_of_one_turn_are_joined() -> None:
    sent = body(
        {"role": "user", "content": "Weather in Oslo?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "call_2"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
        {"role": "tool", "tool_call_id": "call_2", "content": "Sun"},
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
    )
    _, called, results = sent["messages"]
    assert [block["id"] for block in called["content"]] == ["call_1", "call_2"]
    assert called["content"][0]["input"] == {"city": "Oslo"}
    assert [block["tool_use_id"] for block in results["content"]] == ["call_1", "call_2"]
    assert sent["tools"][0]["input_schema"] == WEATHER["function"]["parameters"]  # type: ignore[index]
    assert sent["tool_choice"] == {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}


@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_no_part_of_a_message_is_lost(role: str) -> None:
    parts = [
        {"type": "text", "text": "A page:"},
        {"type": "text", "text": " "},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
    ]
    sent = body({"role": "user", "content": "Hi"}, {"role": role, "content": parts, "tool_call_id": "call_1"})
    blocks = sent["messages"][-1]["content"]
    inner = blocks[0]["content"] if role == "tool" else blocks[-3:]
    assert [block["type"] for block in inner] == ["text", "image", "document"]


def test_a_system_message_is_of_text_alone() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(UnsupportedFeature, match="only text"):
        body({"role": "system", "content": [{"type": "text", "text": "Look:"}, image]})


@pytest.mark.parametrize("role", ["system", "user", "assistant", "tool"])
def test_fields_beside_a_text_that_it_would_refuse_are_left_out(role: str) -> None:
    kept = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}
    part = {**kept, "type": "output_text", "annotations": [], "index": 0, "id": "x", "logprobs": []}
    sent = body({"role": "user", "content": "Hi"}, {"role": role, "content": [part], "tool_call_id": "call_1"})
    blocks = sent["system"] if role == "system" else sent["messages"][-1]["content"]
    assert (blocks[0]["content"][0] if role == "tool" else blocks[-1]) == kept


@pytest.mark.parametrize(
    ("arguments", "input"),
    [
        (None, {}),
        ("", {}),
        (" \n", {}),
        ("null", {}),
        ("{}", {}),
        ("[]", []),
        ('{"a": null}', {"a": None}),
        ({"a": 1}, {"a": 1}),
        # A model's mistake, which stays in its conversation
        ('{"a": ', {"INVALID_JSON": '{"a": '}),
        ("[" * 100_000, {"INVALID_JSON": "[" * 100_000}),
        ('{"a": NaN}', {"INVALID_JSON": '{"a": NaN}'}),
        ('{"a": 1e400}', {"INVALID_JSON": '{"a": 1e400}'}),
    ],
)
def test_the_arguments_of_a_call_are_an_object(arguments: Any, input: Any) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    sent = body({"role": "user", "content": "Hi"}, {"role": "assistant", "content": None, "tool_calls": [call]})
    assert sent["messages"][-1]["content"][-1]["input"] == input


def test_thinking_goes_back_as_it_was_given_out_and_before_the_rest() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    sent = body(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.", "thinking_blocks": [thought]},
        {"role": "user", "content": "And?"},
    )
    assert [block["type"] for block in sent["messages"][1]["content"]] == ["thinking", "text"]
    assert sent["messages"][1]["content"][0] == thought


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (PNG, {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}),
        ("https://example.com/a.png", {"type": "url", "url": "https://example.com/a.png"}),
        ("DATA:image/PNG;BASE64,AAAA", {"type": "base64", "media_type": "image/png", "data": "AAAA"}),
        ("data:image/png;name=a.png;base64,AAAA", {"type": "base64", "media_type": "image/png", "data": "AAAA"}),
    ],
)
def test_images_are_passed_on(url: str, source: dict[str, str]) -> None:
    for image in ({"url": url, "detail": "high"}, url):
        part = {"type": "image_url", "image_url": image}
        sent = body({"role": "user", "content": ["What is it?", part]})
        assert sent["messages"][0]["content"][1] == {"type": "image", "source": source}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"max_completion_tokens": 50}, {"max_tokens": 50}),
        ({"max_tokens": 60}, {"max_tokens": 60}),
        ({}, {"max_tokens": 4096}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["A", "B"]}, {"stop_sequences": ["A", "B"]}),
        ({"temperature": 0.3, "top_p": 0.9}, {"temperature": 0.3, "top_p": 0.9}),
        ({"tools": [WEATHER], "tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ({"tools": [WEATHER], "tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"reasoning_effort": "high"}, {"max_tokens": 4096 + 16_384, **effort("high")}),
        ({"reasoning_effort": "minimal", "max_tokens": 300}, {"max_tokens": 300, **effort("low")}),
        ({"reasoning_effort": "xhigh", "output_config": {"effort": "max"}}, effort("max")),
        ({"reasoning_effort": "low", "thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "none"}, {"max_tokens": 4096, "thinking": {"type": "disabled"}}),
        ({"user": "u"}, {"metadata": {"user_id": "u"}}),
        ({"safety_identifier": "u", "metadata": {"trace": "1"}}, {"metadata": {"user_id": "u"}}),
        ({"user": "u", "metadata": {"user_id": "v"}}, {"metadata": {"user_id": "v"}}),
        ({"service_tier": "standard_only"}, {"service_tier": "standard_only"}),
        ({"speed": "fast", "cache_control": {"type": "ephemeral"}},) * 2,
        (
            {"tools": [WEATHER, CLOCK], "tool_choice": allowed("required", "clock")},
            {"tools": [CLOCK_IN_MESSAGES], "tool_choice": {"type": "any"}},
        ),
        (
            {"tools": [WEATHER, CLOCK], "tool_choice": allowed("auto", "clock"), "parallel_tool_calls": False},
            {"tools": [CLOCK_IN_MESSAGES], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        *(
            ({"tools": [WEATHER, CLOCK, SEARCH, CODE], "tool_choice": allowed("auto", *wanted)}, {"tools": tools})
            for wanted, tools in ALLOWED
        ),
        ({"tools": [SEARCH], "tool_choice": SEARCH}, {"tool_choice": {"type": "tool", "name": "web_search"}}),
    ],
)
def test_parameters_have_their_counterparts(params: dict[str, Any], expected: dict[str, Any]) -> None:
    sent = body(**params)
    assert {name: sent[name] for name in expected} == expected


@pytest.mark.parametrize(
    "params",
    [
        {"metadata": {"trace": "1"}},
        {"service_tier": "flex"},
        {"user": None},
        {"store": False, "prompt_cache_key": "k", "prompt_cache_retention": "24h"},
        {"seed": 1, "n": 1, "reasoning_effort": None},
        {"logprobs": False, "top_logprobs": 0, "logit_bias": {}, "frequency_penalty": 0.0, "presence_penalty": None},
    ],
)
def test_what_changes_no_answer_is_left_out(params: dict[str, Any]) -> None:
    assert body(**params) == body()


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        ([("system", "Greet.")], [("user", ".")]),
        (
            [("user", "Hi"), ("assistant", "Hello"), ("system", "Greet.")],
            [("user", "Hi"), ("assistant", "Hello"), ("user", ".")],
        ),
        ([("user", "Hi"), ("assistant", "")], [("user", "Hi")]),
        ([("user", " \n"), ("user", "Hi")], [("user", "Hi")]),
        ([("user", [{"type": "text", "text": " "}, {"type": "text", "text": "Hi"}])], [("user", "Hi")]),
        ([("assistant", "Hello")], [("user", "."), ("assistant", "Hello")]),
        ([("user", "Hi "), ("assistant", "Name: \n")], [("user", "Hi "), ("assistant", "Name:")]),
        ([("assistant", "Hello "), ("user", "Hi ")], [("user", "."), ("assistant", "Hello "), ("user", "Hi ")]),
    ],
)
def test_no_text_is_blank_and_the_users_come_first_and_after_instructions(
    messages: list[tuple[str, Any]], turns: list[tuple[str, str]]
) -> None:
    request = ChatRequest(messages=[{"role": role, "content": content} for role, content in messages], model="m")
    sent = anthropic_request.body(request, 100)["messages"]
    assert [(turn["role"], "".join(block["text"] for block in turn["content"])) for turn in sent] == turns


def test_a_schema_is_passed_on() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    sent = body(response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}})
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    sent = body(response_format=form, reasoning_effort="low")
    assert sent["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": schema}}


@pytest.mark.parametrize(
    ("message", "params", "param"),
    [
        ({}, {"n": 2}, "n"),
        ({}, {"response_format": {"type": "json_object"}}, "response_format"),
        ({}, {"web_search_options": {}}, "web_search_options"),
        ({}, {"logprobs": True}, "logprobs"),
        ({}, {"top_logprobs": 2}, "top_logprobs"),
        ({}, {"logit_bias": {"1": -100}}, "logit_bias"),
        ({}, {"frequency_penalty": 0.5}, "frequency_penalty"),
        ({}, {"presence_penalty": -0.5}, "presence_penalty"),
        ({}, {"reasoning_effort": "huge"}, "reasoning_effort"),
        ({}, {"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools"),
        ({}, {"reasoning_effort": {"a": 1}}, "reasoning_effort"),
        ({"content": [{"type": "input_audio", "input_audio": {}}]}, {}, "messages"),
    ],
)
def test_what_has_no_counterpart_is_an_error_that_names_it(
    message: dict[str, Any], params: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        anthropic_request.body(request({"role": "user", "content": "Hi", **message}, **params), 4096)
    assert caught.value.param == param
