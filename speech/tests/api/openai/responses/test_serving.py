"""Streams of responses: broken off, disconnected, and of clients that must not see the cache."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from pytest_django import Settings

from speech.api.openai.responses.events import as_sse
from speech.api.openai.responses.response import begun
from speech.exceptions import ProviderRateLimited, ProviderRejected
from speech.tests.loopback import FakeOpenAI
from speech.tests.loopback.answers import as_json
from speech.tests.support.saying import BEGUN, say

SEARCH: dict[str, Any] = {"tools": [{"type": "web_search"}]}
KINDS = [pytest.param({}, id="chat"), pytest.param(SEARCH, id="native")]


@pytest.fixture
def upstream(fake_openai: FakeOpenAI, settings: Settings) -> FakeOpenAI:
    settings.PROVIDERS = {"openai": {**settings.PROVIDERS["openai"], "RESPONSES_API": "1"}}
    return fake_openai


def ask(api: Any, **fields: Any) -> Any:
    return api.post("/v1/responses", {"model": "gpt-6-luna", "input": "Hello", **fields}, format="json")


def last_of(response: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(b"".join(response).decode().rstrip().rpartition("data: ")[2])
    return event


@pytest.mark.parametrize("fields", KINDS)
def test_a_client_that_must_not_see_the_cache_sees_none_of_it(
    upstream: FakeOpenAI, api: Any, clients: Callable[..., tuple[Any, str]], settings: Settings, fields: dict[str, Any]
) -> None:
    settings.HIDE_CACHE_STATUS = True
    _, key = clients("sharing", shared_scope=True)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    for _ in range(2):
        response = ask(api, stream=True, **fields)
        assert "X-Cache" not in response.headers and "Cache-Status" not in response.headers
        last = last_of(response)
        assert (last["type"], last["response"]["output"][-1]["type"]) == ("response.completed", "message")
    assert len(upstream.requests) == 1


def test_a_failed_response_has_what_was_written(api: Any, fake_openai: FakeOpenAI) -> None:
    say(fake_openai, BEGUN, {"error": {"message": "Overloaded", "type": "server_error"}}, stream=True)
    failed = last_of(ask(api, stream=True))
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    [item] = failed["response"]["output"]
    assert (item["status"], item["content"][0]["text"]) == ("incomplete", "Par")


# Closing a response by itself closes the connection of a test's transaction.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fields", KINDS)
def test_the_answer_of_a_disconnected_client_is_stored_all_the_same(
    api: Any, upstream: FakeOpenAI, redis_client: redis.Redis, fields: dict[str, Any]
) -> None:
    response = ask(api, stream=True, **fields)
    events = iter(response)
    id = json.loads(next(events).decode().partition("data: ")[2])["response"]["id"]
    response.close()
    deadline = time.monotonic() + 20
    while not redis_client.keys("llm:exact:*") and time.monotonic() < deadline:
        time.sleep(0.02)
    while (stored := api.get(f"/v1/responses/{id}")).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert stored.json()["status"] == "completed"
    assert ask(api, **fields).headers["X-Cache"] == "HIT"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_tools_of_a_namespace_keep_their_names(api: Any, fake_openai: FakeOpenAI, stream: bool) -> None:
    """As Codex sends them: in an item of the input, and called again by namespace and name."""
    call = {"id": "c1", "type": "function", "function": {"name": "clock__sleep", "arguments": "{}"}}
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}}
    answer = {"model": "m", "choices": [{**choice, "finish_reason": "tool_calls"}]}
    fake_openai.answer = lambda seen: as_json(answer)  # type: ignore[method-assign]
    sleep = {"type": "function", "name": "sleep", "description": "Sleeps", "parameters": {}}
    tools = [{"type": "namespace", "name": "clock", "description": "Time", "tools": [sleep]}]
    added = {"type": "additional_tools", "role": "developer", "tools": tools}
    response = ask(api, stream=stream, input=[added, {"role": "user", "content": "Wait"}], client_metadata={"a": "b"})
    [item] = (last_of(response)["response"] if stream else response.json())["output"]
    assert (item["namespace"], item["name"], item["call_id"]) == ("clock", "sleep", "c1")
    sent = fake_openai.requests[0].body
    assert sent["tools"][0]["function"] == {"name": "clock__sleep", "description": "Time\n\nSleeps", "parameters": {}}
    assert "client_metadata" not in sent
    result = {"type": "function_call_output", "call_id": "c1", "output": "ok"}
    ask(api, input=[added, {"role": "user", "content": "Wait"}, item, result])
    assert fake_openai.requests[-1].body["messages"][1]["tool_calls"] == [call]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ZeroDivisionError(), "server_error"),
        (ProviderRateLimited("slow down"), "rate_limit_exceeded"),
        (ProviderRejected("no", code="unsupported_value"), "server_error"),
        (ProviderRejected("full", code="context_length_exceeded"), "context_length_exceeded"),
    ],
)
def test_any_exception_within_a_stream_is_an_event(raised: Exception, code: str) -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield {"type": "response.created"}
        raise raised

    response = begun({}, id="resp_1", model="m", stored=False)
    said = [json.loads(each.decode().partition("data: ")[2]) for each in as_sse(events(), response)]
    assert [(each["type"], each["sequence_number"]) for each in said] == [
        ("response.created", 0),
        ("error", 1),
        ("response.failed", 2),
    ]
    assert said[-1]["response"]["error"] == {"code": code, "message": said[1]["message"]}
