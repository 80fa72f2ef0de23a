"""Hosted tools and what else only a provider with a Responses API has, against a loopback one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from pytest_django import Settings

from caching.models import Call
from speech.api.openai.responses.encrypted_content import packed
from speech.tests.loopback import FakeOpenAI

SEARCH: dict[str, Any] = {"tools": [{"type": "web_search"}], "input": "Who wrote Middlemarch?"}
STREAM: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@pytest.fixture
def upstream(fake_openai: FakeOpenAI, settings: Settings) -> FakeOpenAI:
    settings.PROVIDERS = {"openai": {**settings.PROVIDERS["openai"], "RESPONSES_API": "1"}}
    return fake_openai


def ask(api: Any, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return api.post("/v1/responses", {"model": "gpt-6-luna", **fields}, format="json", headers=headers)


def events_of(response: Any) -> list[dict[str, Any]]:
    text = response.getvalue().decode() if response.streaming else response.content.decode()
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]


def without_ids(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "id": "", "created_at": 0}


def test_hosted_tools_are_asked_natively_and_bought_once(api: Any, upstream: FakeOpenAI) -> None:
    first, second = ask(api, **SEARCH), ask(api, **SEARCH)
    assert (first.status_code, first.headers["X-Cache"], second.headers["X-Cache"]) == (200, "MISS", "HIT")
    [seen] = upstream.requests
    assert seen.path == "/v1/responses"
    assert seen.body == {"model": "gpt-6-luna", **SEARCH}
    for found in (first.json(), second.json()):
        Response.model_validate(found)
        assert found["output"][1]["type"] == "web_search_call"
        assert found["id"].startswith("resp_") and "upstream" not in found["id"]
    assert without_ids(first.json()) == without_ids(second.json())
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("order", ["stream first", "whole first"])
def test_streams_pass_on_every_event_and_are_replayed(api: Any, upstream: FakeOpenAI, order: str) -> None:
    if order == "whole first":
        ask(api, **SEARCH)
    fresh, replayed = (events_of(ask(api, stream=True, **SEARCH)) for _ in range(2))
    for events in (fresh, replayed):
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        for event in events:
            STREAM.validate_python(event)
        ids = {event["response"]["id"] for event in events if "response" in event}
        assert len(ids) == 1 and "upstream" not in ids.pop()
    assert without_ids(fresh[-1]["response"]) == without_ids(replayed[-1]["response"])
    assert len(upstream.requests) == 1
    if order == "stream first":
        assert "response.web_search_call.searching" in {event["type"] for event in fresh}
        kinds = [event["type"] for event in fresh if "web_search" not in event["type"]]
        assert list(dict.fromkeys(kinds)) == list(dict.fromkeys(event["type"] for event in replayed))
    assert api.post("/v1/responses", {**SEARCH, "model": "gpt-6-luna"}, format="json").headers["X-Cache"] == "HIT"


def test_what_chat_can_express_goes_to_chat(api: Any, upstream: FakeOpenAI) -> None:
    assert ask(api, input="Hello").status_code == 200
    assert upstream.requests[0].path == "/v1/chat/completions"


@pytest.mark.parametrize(
    "fields",
    [
        {"include": ["reasoning.encrypted_content"]},
        {"reasoning": {"summary": "auto"}},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://example.com/a.pdf"}]}]},
        {"tool_choice": {"type": "file_search"}, "tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
    ],
)
def test_what_chat_has_not_goes_to_responses(api: Any, upstream: FakeOpenAI, fields: dict[str, Any]) -> None:
    assert ask(api, **{"input": "Hello", **fields}).status_code == 200
    assert upstream.requests[0].path == "/v1/responses"
    assert upstream.requests[0].body == {"input": "Hello", "model": "gpt-6-luna", **fields}


def test_a_state_that_the_provider_keeps_is_never_cached(api: Any, upstream: FakeOpenAI, redis_client: Any) -> None:
    for _ in range(2):
        assert ask(api, input="Hello", conversation="conv_1").headers["X-Cache"] == "BYPASS"
    assert len(upstream.requests) == 2
    assert not redis_client.keys("llm:*")


def test_a_native_response_is_continued_by_its_own_id(api: Any, upstream: FakeOpenAI) -> None:
    first = ask(api, **SEARCH).json()
    more: dict[str, Any] = {"tools": SEARCH["tools"], "input": "And Adam Bede?", "previous_response_id": first["id"]}
    second = ask(api, **more)
    assert upstream.requests[1].body["previous_response_id"].startswith("resp_upstream")
    assert upstream.requests[1].body["input"] == [{"type": "message", "role": "user", "content": "And Adam Bede?"}]
    assert second.json()["previous_response_id"] == first["id"]


def test_a_chat_answer_is_continued_natively_by_its_items(api: Any, upstream: FakeOpenAI) -> None:
    first = ask(api, input="Hello").json()
    ask(api, tools=SEARCH["tools"], input="And now?", previous_response_id=first["id"])
    sent = upstream.requests[1].body
    assert "previous_response_id" not in sent
    assert [item["role"] for item in sent["input"]] == ["user", "assistant", "user"]


def test_what_was_carried_for_chat_is_not_sent_to_a_provider(api: Any, upstream: FakeOpenAI) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": packed({"x": 1}, {})}
    said = {"role": "user", "content": "Hello"}
    assert ask(api, input=[item, said]).status_code == 200
    assert upstream.requests[-1].path == "/v1/chat/completions"
    assert ask(api, input=[item, said], **{"tools": SEARCH["tools"]}).status_code == 200
    assert upstream.requests[-1].body["input"] == [said]


def test_items_are_referred_to_by_their_client_alone(
    api: Any, upstream: FakeOpenAI, clients: Callable[..., tuple[Any, str]]
) -> None:
    item = ask(api, **SEARCH).json()["output"][2]
    asked: dict[str, Any] = {"tools": SEARCH["tools"], "input": [{"type": "item_reference", "id": item["id"]}]}
    assert ask(api, **asked).status_code == 200
    assert upstream.requests[-1].body["input"] == [item]
    _, key = clients("other")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    response = ask(api, **asked)
    assert (response.status_code, response.json()["error"]["param"]) == (404, "input")


def test_what_is_not_stored_here_is_not_stored_there(api: Any, upstream: FakeOpenAI) -> None:
    response = ask(api, headers={"Cache-Control": "no-store"}, **SEARCH).json()
    assert upstream.requests[0].body["store"] is False
    assert response["store"] is False


def test_tokens_are_in_the_ledger(api: Any, upstream: FakeOpenAI) -> None:
    from caching.ledger import writer

    ask(api, **SEARCH)
    events_of(ask(api, stream=True, **{**SEARCH, "input": "Who wrote Emma?"}))
    writer.writer.flush()
    # A thread of an earlier test may end its call meanwhile.
    calls = Call.objects.filter(question__in=["Who wrote Middlemarch?", "Who wrote Emma?"])
    counts = calls.values_list("input_tokens", "cached_input_tokens", "output_tokens")
    assert [*counts] == [(200, 100, 20)] * 2


@pytest.mark.parametrize(("fault", "status", "code"), [("400", 400, None), ("500", 503, "provider_unavailable")])
def test_a_refusal_of_the_provider_is_an_error(
    api: Any, upstream: FakeOpenAI, fault: str, status: int, code: str | None
) -> None:
    upstream.behave(fault)
    for stream in (False, True):
        response = ask(api, stream=stream, **SEARCH)
        assert response.status_code == status
        assert code in (None, response.json()["error"]["code"])


def test_a_stream_that_fails_ends_with_failed(api: Any, upstream: FakeOpenAI) -> None:
    upstream.behave("error-event")
    response = ask(api, stream=True, **SEARCH)
    assert response.status_code >= 500 or events_of(response)[-1]["type"] == "response.failed"
