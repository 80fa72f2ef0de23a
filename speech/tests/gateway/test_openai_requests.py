"""Requests that OpenAI or a compatible server takes, and what becomes of their fields."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

HELLO = [{"role": "user", "content": "Say hello"}]
SYSTEM = {"role": "system", "content": "You are a voice assistant."}
GREETING = {"role": "system", "content": "Greet the user."}
PATH = "/v1/chat/completions"


def ask(sdk: Any, **fields: Any) -> Any:
    return sdk.chat.completions.with_raw_response.create(**{"model": "gpt-6-luna", "messages": HELLO, **fields})


@pytest.mark.parametrize(
    "messages",
    [
        [SYSTEM, GREETING],
        [GREETING],
        [{"role": "developer", "content": "Greet the user."}],
        [SYSTEM, *HELLO, {"role": "assistant", "content": "Hello."}, GREETING],
        [SYSTEM, {"role": "assistant", "content": "Hello."}],
        [{"role": "user", "content": ""}],
        [*HELLO, {"role": "assistant", "content": None, "refusal": "No."}, {"role": "user", "content": "Why?"}],
        [{"role": "user", "content": "x" * 25_000}],
        # As read from a file, and written by a model
        [
            {"role": "user", "content": "a\0b"},
            {"role": "assistant", "content": "\0"},
            {"role": "user", "content": "Why?"},
        ],
    ],
    ids=lambda messages: "-".join(message["role"] for message in messages),
)
def test_a_conversation_of_any_order_is_answered_and_then_hit(
    sdk: Any, provider: ScriptedOpenAI, messages: list[dict[str, Any]]
) -> None:
    assert [ask(sdk, messages=messages).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert list(sdk.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True))
    assert [body["messages"] for body in provider.calls("/chat/completions")] == [messages]


UNKNOWN: dict[str, tuple[Any, Any]] = {
    "chat_template_kwargs": ({"enable_thinking": False}, {"enable_thinking": True}),
    "enable_thinking": (True, False),
    "thinking": ({"type": "enabled"}, {"type": "disabled"}),
    "reasoning": ({"effort": "low"}, {"effort": "high"}),
    "guided_json": ({"type": "object"}, {"type": "array"}),
    "structured_outputs": ({"regex": "a"}, {"regex": "b"}),
    "search_parameters": ({"mode": "on"}, {"mode": "off"}),
    "plugins": ([{"id": "web"}], []),
    "provider": ({"order": ["a"]}, {"order": ["b"]}),
    "models": (["a"], ["b"]),
    "num_ctx": (2048, 4096),
    "stop_token_ids": ([1], [2]),
    "min_tokens": (1, 2),
    "ignore_eos": (True, False),
    "extra_body": ({"a": 1}, {"a": 2}),
    "a_field_of_tomorrow": (0, ""),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_field_is_passed_on_and_part_of_the_key(sdk: Any, provider: ScriptedOpenAI, name: str) -> None:
    bodies = [{name: value} for value in UNKNOWN[name]]
    found = [ask(sdk, extra_body=body).headers["x-cache"] for body in (*bodies, bodies[0])]
    assert found == ["MISS", "MISS", "HIT"]
    assert [{name: sent[name]} for sent in provider.calls("/chat/completions")] == bodies


# Of other servers: Together's and Fireworks' types, and llama.cpp's pairs.
OTHER_TYPES: dict[str, tuple[Any, Any]] = {
    "logprobs": (1, True),
    "reasoning_effort": (512, True),
    "logit_bias": ([[15043, 1.0], ["Hello", -100]], {"15043": 1}),
}


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_a_field_has_the_type_that_its_server_takes(gateway: Server, provider: ScriptedOpenAI, name: str) -> None:
    bodies = [{"model": "gpt-6-luna", "messages": HELLO, name: value} for value in OTHER_TYPES[name]]
    found = [gateway.request("POST", PATH, json=body).headers["X-Cache"] for body in (*bodies, bodies[0])]
    assert found == ["MISS", "MISS", "HIT"]
    assert [sent[name] for sent in provider.calls("/chat/completions")][:2] == list(OTHER_TYPES[name])


MESSAGES_OF_OTHERS: list[list[dict[str, Any]]] = [
    [{"role": "control", "content": "thinking"}, *HELLO],
    [{"role": "document 1", "content": "The hall was opened in 1931."}, *HELLO],
    [{"role": "user", "content": ["Say hello", {"image_url": "https://example.com/a.png"}]}],
    [{"role": "user", "content": [{"type": "audio_url", "audio_url": {"url": "https://example.com/a.wav"}}]}],
    [*HELLO, {"role": "assistant", "content": "```python\n", "prefix": True}],
    [*HELLO, {"role": "tool", "tool_call_id": "1", "content": [{"type": "image_url", "image_url": "https://x"}]}],
]


@pytest.mark.parametrize("messages", MESSAGES_OF_OTHERS, ids=lambda messages: messages[0]["role"])
def test_messages_of_other_servers_are_passed_on_and_keyed(
    gateway: Server, provider: ScriptedOpenAI, messages: list[dict[str, Any]]
) -> None:
    found = []
    for stream in (False, True):
        body = {"model": "gpt-6-luna", "messages": messages, "stream": stream}
        found.append(gateway.request("POST", PATH, json=body).headers["X-Cache"])
    assert found == ["MISS", "HIT"]
    assert [body["messages"] for body in provider.calls("/chat/completions")] == [messages]


NOT_KEYED: dict[str, tuple[Any, Any]] = {
    "user": ("ann", "bob"),
    "safety_identifier": ("a", "b"),
    "metadata": ({"trace": "1"}, {"trace": "2"}),
    "store": (True, False),
    "prompt_cache_key": ("a", "b"),
    "service_tier": ("auto", "flex"),
}


@pytest.mark.parametrize("name", NOT_KEYED)
def test_a_field_that_changes_no_answer_is_passed_on_and_not_keyed(
    sdk: Any, provider: ScriptedOpenAI, name: str
) -> None:
    first, second = NOT_KEYED[name]
    assert ask(sdk, **{name: first}).headers["x-cache"] == "MISS"
    assert ask(sdk, **{name: second}).headers["x-cache"] == ask(sdk).headers["x-cache"] == "HIT"
    assert provider.calls("/chat/completions")[0][name] == first


def test_the_end_users_of_a_client_can_be_kept_apart(gateway: Server, provider: ScriptedOpenAI) -> None:
    key = gateway.new_client("many users", "--scope-by-user", "--shared-scope")
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key) as sdk:
        found = [ask(sdk, user=user).headers["x-cache"] for user in ("ann", "bob", "ann", "bob")]
        assert found == ["MISS", "MISS", "HIT", "HIT"]
        assert ask(sdk, safety_identifier="cleo").headers["x-cache"] == "MISS"
        assert ask(sdk, safety_identifier="cleo", user="ann").headers["x-cache"] == "HIT"


def test_null_is_absent(sdk: Any, gateway: Server, provider: ScriptedOpenAI) -> None:
    ask(sdk)
    fields = (
        "temperature", "tools", "stop", "stream", "stream_options", "optimization_level", "language", "user",
        "response_format", "seed", "n", "a_field_of_tomorrow",
    )  # fmt: skip
    message = {**HELLO[0], "name": None, "tool_calls": None, "audio": None}
    body = {"model": "gpt-6-luna", "messages": [message], **dict.fromkeys(fields)}
    assert gateway.request("POST", PATH, json=body).headers["X-Cache"] == "HIT"
    assert gateway.request("POST", PATH, json={**body, "model": None}).status == 200
    speech = dict.fromkeys(
        ("voice", "instructions", "response_format", "speed", "stream_format", "language", "sample_rate", "speakable")
    )
    spoken = gateway.request("POST", "/v1/audio/speech", json={"model": None, "input": "Hello.", **speech})
    assert (spoken.status, spoken.headers["Content-Type"]) == (200, "audio/mpeg")


def test_a_whole_number_may_have_a_point(gateway: Server, provider: ScriptedOpenAI) -> None:
    found = [
        gateway.request("POST", PATH, json={"model": "gpt-6-luna", "messages": HELLO, "max_tokens": most}).headers
        for most in (100.0, 100)
    ]
    assert [headers["X-Cache"] for headers in found] == ["MISS", "HIT"]
    assert provider.calls("/chat/completions")[0]["max_tokens"] == 100


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_no_tokens_at_all_are_the_providers_to_refuse(gateway: Server, provider: ScriptedOpenAI, name: str) -> None:
    assert gateway.request("POST", PATH, json={"model": "gpt-6-luna", "messages": HELLO, name: 0}).status == 200
    assert provider.calls("/chat/completions")[0][name] == 0


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"messages": [{"role": "", "content": "Hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages.0.content.0"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"tools": {}}, "tools"),
        ({"tools": ["x"]}, "tools.0"),
        ({"stream_options": 5}, "stream_options"),
        ({"stream_options": {"include_usage": "perhaps"}}, "stream_options.include_usage"),
        ({"n": 0}, "n"),
    ],
)
def test_what_is_wrong_names_the_field(
    gateway: Server, provider: ScriptedOpenAI, fields: dict[str, Any], param: str
) -> None:
    response = gateway.request("POST", PATH, json={"model": "gpt-6-luna", "messages": HELLO, **fields})
    assert (response.status, response.json()["error"]["param"]) == (400, param)
    assert provider.requests == []


def speak(sdk: Any, **fields: Any) -> Any:
    speech = sdk.audio.speech.with_raw_response
    return speech.create(model="tts-1", voice="alloy", input="Hello there.", extra_body=fields)


@pytest.mark.parametrize("name", ["lang_code", "exaggeration", "normalization_options", "a_field_of_tomorrow"])
def test_an_unknown_field_of_speech_is_passed_on_and_keyed(sdk: Any, provider: ScriptedOpenAI, name: str) -> None:
    found = [speak(sdk, **fields).headers["x-cache"] for fields in ({}, {name: "a"}, {name: "b"}, {name: "a"})]
    assert found == ["MISS", "MISS", "MISS", "HIT"]
    assert [body.get(name) for body in provider.calls("/audio/speech")] == [None, "a", "b"]


def test_what_changes_no_sound_is_not_keyed(sdk: Any, provider: ScriptedOpenAI) -> None:
    assert speak(sdk, user="ann", stream=False).headers["x-cache"] == "MISS"
    assert speak(sdk, user="bob").headers["x-cache"] == "HIT"
    assert provider.calls("/audio/speech")[0]["user"] == "ann"
    assert "stream" not in provider.calls("/audio/speech")[0]
