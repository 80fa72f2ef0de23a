"""Characters that a provider's stream cuts in two, and bytes that are no characters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from speech.tests.loopback import Answer, FakeOpenAI
from speech.tests.support.bad_requests import error_of
from speech.tests.support.saying import last_event, say

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
HEAD, TAIL = "a\ud83c", "\udf89b"
WHOLE = "a🎉b"


def chunks_of(*deltas: dict[str, Any], end: str = "stop") -> list[Any]:
    choices: list[dict[str, Any]] = [{"delta": delta} for delta in deltas] + [{"delta": {}, "finish_reason": end}]
    return [*({"model": "m", "choices": [{"index": 0, **one}]} for one in choices), "[DONE]"]


def call(arguments: str, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments, **more}}]}


TEXT = chunks_of({"role": "assistant", "content": HEAD}, {"content": TAIL})
CALL = chunks_of(call("", name="f"), call(f'{{"x": "{HEAD}'), call(f'{TAIL}"}}'), end="tool_calls")
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Say it"}]},
    RESPONSES: {"model": "gpt-6-luna", "input": "Say it", "store": False},
}


def written(chunk: dict[str, Any]) -> str:
    delta = chunk["choices"][0]["delta"]
    calls = "".join(each["function"]["arguments"] for each in delta.get("tool_calls", ()))
    return (delta.get("content") or "") + calls


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("streamed", [TEXT, CALL], ids=["text", "tool call"])
def test_a_character_cut_in_two_is_whole_again(
    api: Any, fake_openai: FakeOpenAI, path: str, streamed: list[Any]
) -> None:
    say(fake_openai, *streamed, stream=True)
    live = b"".join(api.post(path, BODIES[path] | {"stream": True}, format="json").streaming_content).decode()
    events = [json.loads(line.removeprefix("data: ")) for line in live.splitlines() if line.startswith("data: {")]
    if path == RESPONSES:
        assert WHOLE in json.dumps(events[-1], ensure_ascii=False)
    else:
        # The deltas are passed on as they come; a client puts the halves together.
        halves = "".join(map(written, events))
        assert WHOLE in halves.encode("utf-16", "surrogatepass").decode("utf-16")
    hit = api.post(path, BODIES[path], format="json")
    assert (hit.headers["X-Cache"], WHOLE in hit.content.decode()) == ("HIT", True)


def test_the_deltas_of_a_call_hold_whole_characters(api: Any, fake_openai: FakeOpenAI) -> None:
    say(fake_openai, *CALL, stream=True)
    live = b"".join(api.post(RESPONSES, BODIES[RESPONSES] | {"stream": True}, format="json").streaming_content)
    events = [json.loads(line.removeprefix("data: ")) for line in live.decode().splitlines() if line[:5] == "data:"]
    written = "".join(each["delta"] for each in events if each["type"] == "response.function_call_arguments.delta")
    assert written == f'{{"x": "{WHOLE}"}}'


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_is_not_utf_8_is_refused(api: Any, fake_openai: FakeOpenAI, stream: bool) -> None:
    choice = {"index": 0, "finish_reason": "stop", "delta" if stream else "message": {"content": "caf?"}}
    said = json.dumps({"model": "m", "choices": [choice]}).encode().replace(b"?", b"\xe9")
    body = b"data: " + said + b"\n\ndata: [DONE]\n\n" if stream else said
    kind = "text/event-stream" if stream else "application/json"
    fake_openai.answer = lambda seen: Answer([body], kind, 200, streamed=stream)  # type: ignore[method-assign]
    for _ in range(2):
        response = api.post(CHAT, BODIES[CHAT] | {"stream": stream}, format="json")
        error = last_event(response)["error"] if response.streaming else error_of(response)
        assert error["code"] == "provider_bad_answer"
        assert response.headers["X-Cache" if response.streaming else "x-should-retry"] in ("MISS", "false")
    assert len(fake_openai.requests) == 2, "nothing is stored"
