"""Answers that differ from OpenAI's in one place each: they are passed on, counted and stored like others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI, events
from speech.tests.loopback import Answer
from speech.tests.loopback.answers import as_json
from speechsite.tests.support.server import Server

USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
EMPTY_ERROR = {"message": "", "type": "", "param": "", "code": None}


def post(gateway: Server, path: str = "chat/completions", **fields: Any) -> Any:
    body = {"model": "gpt-6-luna", **fields}
    headers = {"Authorization": f"Bearer {gateway.key}"}
    return gateway.request("POST", f"/v1/{path}", json=body, headers=headers)


def ask(gateway: Server, **fields: Any) -> Any:
    return post(gateway, messages=[{"role": "user", "content": "Say hello"}], **fields)


def whole(end: str = "stop", **beside: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": end}
    return as_json({"id": "c", "model": "m", "choices": [choice], "usage": USAGE, **beside})


def chunk(delta: dict[str, Any], end: str | None = None, beside: Any = None, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": end, **(beside or {})}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice], **fields}).encode() + b"\n\n"


def counted(usage: Any) -> bytes:
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [], "usage": usage}).encode() + b"\n\n"


SAID = chunk({"role": "assistant", "content": "Hello."})
DONE = b"data: [DONE]\n\n"
STREAMS = {
    "usage within the choice": [SAID, chunk({}, "stop", {"usage": USAGE}), DONE],
    "zeros after the usage": [SAID, chunk({}, "stop"), counted(USAGE), counted(NOTHING), DONE],
    "zeros before the usage": [SAID, chunk({}, "stop", usage=NOTHING), counted(USAGE), DONE],
    "an end in capitals": [SAID, chunk({}, "STOP"), counted(USAGE), DONE],
    "an end that is JSON": [SAID, chunk({}, "stop"), counted(USAGE), b'data: "[DONE]"\n\n'],
    "an empty error": [SAID, chunk({}, "stop", error=EMPTY_ERROR), counted(USAGE), DONE],
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_told_with_its_usage_and_stored(gateway: Server, provider: ScriptedOpenAI, name: str) -> None:
    provider.script = events(*STREAMS[name])
    asked: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    fresh, stored = ask(gateway, **asked), ask(gateway, **asked)
    assert (fresh.headers["X-Cache"], stored.headers["X-Cache"]) == ("MISS", "HIT")
    for answer in (fresh, stored):
        *data, done = [event.removeprefix("data: ") for event in answer.data.decode().strip().split("\n\n")]
        assert done == "[DONE]"
        chunks = [json.loads(event) for event in data]
        assert "".join(part["delta"].get("content") or "" for each in chunks for part in each["choices"]) == "Hello."
        assert [each["usage"] for each in chunks if each["usage"]] == [USAGE]
    assert ask(gateway).json()["usage"] == USAGE


@pytest.mark.parametrize("answer", [whole("STOP"), whole(error=EMPTY_ERROR), whole(error={})])
def test_a_whole_answer_is_passed_on_and_stored(gateway: Server, provider: ScriptedOpenAI, answer: Answer) -> None:
    provider.script = answer
    fresh, stored = ask(gateway), ask(gateway)
    assert (fresh.headers["X-Cache"], stored.headers["X-Cache"]) == ("MISS", "HIT")
    assert fresh.json()["choices"] == stored.json()["choices"]


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        ("STOP", "completed", None),
        ("MAX_TOKENS", "incomplete", "max_output_tokens"),
        ("LENGTH", "incomplete", "max_output_tokens"),
    ],
)
def test_a_response_tells_how_it_ended_whatever_the_case(
    gateway: Server, provider: ScriptedOpenAI, end: str, status: str, reason: str | None
) -> None:
    provider.script = whole(end)
    response = post(gateway, "responses", input="Say hello").json()
    assert response["status"] == status
    assert (response["incomplete_details"] or {}).get("reason") == reason


def test_an_error_beside_an_answer_that_says_something_is_one(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.script = whole(error={"message": "Overloaded", "type": "", "code": None})
    assert ask(gateway).status == 503
