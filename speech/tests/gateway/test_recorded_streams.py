"""Streams of many providers through the gateway, put together by OpenAI's SDK, which knows nothing of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from caching.tests.llm.test_recorded_streams import RECORDED, recorded
from speech.tests.gateway.scripted import ScriptedOpenAI, events
from speech.tests.loopback import Answer
from speech.tests.loopback.answers import as_json
from speechsite.tests.support.server import Server

NOT_OPENAIS = {"mistral_reasoning", "openai_refusal"}
"""Content in parts is not of OpenAI's types, and a refusal is not stored."""
CODE_OF_OURS = "provider_rejected_request"
PATH = "/v1/chat/completions"


def ask(gateway: Server, **fields: Any) -> Any:
    body = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Hello"}], **fields}
    return gateway.request("POST", PATH, json=body, headers={"Authorization": f"Bearer {gateway.key}"})


def streamed(gateway: Server) -> tuple[str, list[dict[str, Any]]]:
    response = ask(gateway, stream=True, stream_options={"include_usage": True})
    *sent, done = response.data.decode().strip().split("\n\n")
    assert done == "data: [DONE]"
    return response.headers["X-Cache"], [json.loads(event.removeprefix("data: ")) for event in sent]


def stream_of(chunks: list[dict[str, Any]]) -> Answer:
    return events(*(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks), b"data: [DONE]\n\n")


def message_of(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """The texts of all deltas."""
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"] if "delta" in choice]
    texts = {}
    for name in ("content", "refusal", "reasoning", "reasoning_content"):
        texts[name] = "".join(delta.get(name) or "" for delta in deltas)
    return texts


@pytest.mark.parametrize("name", sorted({*RECORDED} - NOT_OPENAIS))
def test_a_hit_says_what_the_stream_said(gateway: Server, provider: ScriptedOpenAI, name: str) -> None:
    record = recorded(name)
    provider.script = stream_of(record["chunks"])
    status, live = streamed(gateway)
    assert status == "MISS"
    again, replayed = streamed(gateway)
    whole = ask(gateway)
    assert (again, whole.headers["X-Cache"]) == ("HIT", "HIT")
    assert message_of(live) == message_of(replayed)
    body = whole.json()
    assert body["choices"][0]["message"] == {"refusal": None, **record["message"]}
    assert {name: body[name] for name in record["extra"]} == record["extra"]
    assert [chunk["usage"] for chunk in live if chunk.get("usage")] == ([record["usage"]] if record["usage"] else [])
    ChatCompletion.model_validate(body, strict=True)
    for chunk in replayed if name != "openai_custom_tool" else ():  # their type of chunks has functions only
        ChatCompletionChunk.model_validate(chunk, strict=True)


def test_the_order_of_chunks_is_the_providers(gateway: Server, provider: ScriptedOpenAI) -> None:
    chunks = recorded("openai_parallel_tools")["chunks"]
    provider.script = stream_of(chunks)
    _, live = streamed(gateway)
    assert [chunk["choices"] for chunk in live] == [chunk["choices"] for chunk in chunks]


def test_content_in_parts_is_served_as_it_came(gateway: Server, provider: ScriptedOpenAI) -> None:
    record = recorded("mistral_reasoning")
    provider.script = stream_of(record["chunks"])
    streamed(gateway)
    assert ask(gateway).json()["choices"][0]["message"]["content"] == record["message"]["content"]
    spoken = gateway.request(
        "POST",
        "/api/converse/",
        json={"query": "Hello", "codec": "pcm"},
        headers={"Authorization": f"Bearer {gateway.key}"},
    )
    assert (spoken.status, provider.spoken) == (200, ["The answer is 4."])


def test_a_whole_answer_to_a_stream_is_a_stream(gateway: Server, provider: ScriptedOpenAI) -> None:
    message = {"role": "assistant", "content": "Two words."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    provider.script = as_json({"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "x_id": "a"})
    status, live = streamed(gateway)
    assert (status, message_of(live)["content"]) == ("MISS", "Two words.")
    assert {chunk["object"] for chunk in live} == {"chat.completion.chunk"}
    whole = ask(gateway)
    assert (whole.headers["X-Cache"], whole.json()["x_id"]) == ("HIT", "a")


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_a_stream_in_place_of_a_whole_answer_is_whole(gateway: Server, provider: ScriptedOpenAI, kind: str) -> None:
    record = recorded("openai_parallel_tools")
    provider.script = replace(stream_of(record["chunks"]), content_type=kind)
    for _ in range(2):
        answer = ask(gateway).json()
        assert answer["choices"][0]["message"] == {"refusal": None, **record["message"]}
        ChatCompletion.model_validate(answer, strict=True)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_whole_answer_may_end_like_a_stream(gateway: Server, provider: ScriptedOpenAI, stream: bool) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    body = json.dumps({"model": "m", "choices": [choice]}).encode()
    provider.script = events(body + b"\n\ndata: [DONE]\n\n")
    assert ask(gateway, stream=stream).status == 200
    assert ask(gateway).json()["choices"][0]["message"]["content"] == "Hi"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        (stream_of([{"error": {"message": "No", "code": "no", "type": "invalid_request_error"}}]), 400, "no"),
        (events(b'data: {"choices": [{"index": 0, "delta": {"content": "Par"}}]}\n\n'), 503, "provider_unavailable"),
        (events(b'error: {"code": 400, "message": "full", "type": "invalid_request_error"}\n\n'), 400, CODE_OF_OURS),
    ],
)
def test_its_failure_is_that_of_a_whole_one(
    gateway: Server, provider: ScriptedOpenAI, script: Answer, status: int, code: str
) -> None:
    provider.script = script
    response = ask(gateway)
    assert (response.status, response.json()["error"]["code"]) == (status, code)


def test_the_sdk_puts_a_replayed_stream_together(sdk: Any, provider: ScriptedOpenAI) -> None:
    record = recorded("openai_parallel_tools")
    provider.script = stream_of(record["chunks"])
    finals = []
    for _ in range(2):
        with sdk.chat.completions.stream(model="gpt-6-luna", messages=[{"role": "user", "content": "Hi"}]) as stream:
            finals.append(stream.get_final_completion().choices[0].message)
    for final in finals:
        calls = [(call.id, call.function.name, call.function.arguments) for call in final.tool_calls]
        assert calls == [("call_a", "get_weather", '{"city":"Oslo"}'), ("call_b", "get_time", '{"tz":"CET"}')]
        assert final.content is None
