"""Claude: answers in OpenAI's terms, whole and streamed alike."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from caching.llm.stream import joined
from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import ProviderError, ProviderUnavailable
from speech.providers._shared import http_response
from speech.providers._shared.anthropic import request as anthropic_request
from speech.providers._shared.anthropic.answer import read_answer, read_chunks
from speech.providers.base import ChatRequest
from speech.tests.loopback.answers import Answer, Seen
from speech.tests.loopback.anthropic import FakeAnthropic

BLOCKS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "text": ([{"type": "text", "text": "Forty-two."}], "end_turn"),
    "two texts": ([{"type": "text", "text": "Forty"}, {"type": "text", "text": "-two."}], "end_turn"),
    "citations": (
        [
            {"type": "text", "text": "Forty", "citations": [{"type": "char_location", "cited_text": "six by nine"}]},
            {
                "type": "text",
                "text": "-two.",
                "citations": [
                    {"type": "web_search_result_location", "url": "https://a"},
                    {"type": "char_location", "cited_text": "six by nine"},
                ],
            },
        ],
        "end_turn",
    ),
    "tool": ([{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}}], "tool_use"),
    "two tools": (
        [
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
            {"type": "tool_use", "id": "toolu_2", "name": "weather", "input": {"city": "Bergen"}},
        ],
        "tool_use",
    ),
    "a call without arguments": ([{"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}], "tool_use"),
    "thinking": (
        [{"type": "thinking", "thinking": "Six by nine.", "signature": "c2ln"}, {"type": "text", "text": "42"}],
        "end_turn",
    ),
    "hosted tools": (
        [
            {"type": "thinking", "thinking": "I look.", "signature": "c2ln"},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "six by nine"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"encrypted_content": "ZW5j"}]},
            {"type": "thinking", "thinking": "Forty-two.", "signature": "c2ln"},
            {"type": "server_tool_use", "id": "srvtoolu_2", "name": "code_execution", "input": {}},
            {"type": "text", "text": "42"},
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
        ],
        "tool_use",
    ),
    "redacted thinking": (
        [{"type": "redacted_thinking", "data": "ZW5j"}, {"type": "text", "text": "42"}],
        "end_turn",
    ),
}


QUESTION = [{"role": "user", "content": "What is six by nine?"}]


@pytest.fixture
def server(settings: Any) -> Iterator[FakeAnthropic]:
    with FakeAnthropic() as running:
        settings.PROVIDERS = {"anthropic": {"API_KEY": "loopback-secret", "BASE_URL": running.url}}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
        yield running


def request(*messages: dict[str, Any], **params: Any) -> ChatRequest:
    asked = messages or ({"role": "user", "content": "What is six by nine?"},)
    return ChatRequest(messages=list(asked), model="claude-sonnet-5", params=params)


def assembled(server: FakeAnthropic) -> Any:
    return joined(providers.get("anthropic").stream_chat(request()))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_streamed_answer_assembles_to_the_whole_one(server: FakeAnthropic, name: str) -> None:
    server.blocks, server.stop_reason = BLOCKS[name]
    whole = providers.get("anthropic").chat(request())
    streamed = assembled(server)
    [ours], [theirs] = streamed.choices, whole.choices
    assert ours["finish_reason"] == theirs["finish_reason"]
    assert {name: value for name, value in ours["message"].items() if value} == {
        name: value for name, value in theirs["message"].items() if value
    }
    assert (streamed.usage, streamed.model) == (whole.usage, whole.model)


CONTAINER = {"id": "container_1", "expires_at": "2026-12-01T00:00:00Z"}
SEARCHED = {"server_tool_use": {"web_search_requests": 2}, "service_tier": "standard"}
CALL = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "weather",
    "input": {"city": "Oslo"},
    "caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_1"},
}


def test_fields_of_a_message_without_a_counterpart_keep_their_names() -> None:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "container": None}
    end = {"stop_reason": "stop_sequence", "stop_sequence": "END", "container": CONTAINER}
    counts = {"input_tokens": 9, "output_tokens": 7, **SEARCHED}
    edits: dict[str, Any] = {"context_management": {"applied_edits": []}}
    whole = read_answer("anthropic", {**head, "content": [CALL], **end, **edits, "usage": counts})
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**head, "content": [], "usage": {"input_tokens": 9}}},
        {"type": "content_block_start", "index": 0, "content_block": {**CALL, "input": {}}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"city": "Oslo"}'},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 7, **SEARCHED}, **edits},
        {"type": "message_stop"},
    ]
    streamed = joined(read_chunks("anthropic", map(json.dumps, events)))
    assert (streamed.choices, streamed.usage, streamed.extra) == (whole.choices, whole.usage, whole.extra)
    assert whole.extra == {"container": CONTAINER, **edits}
    assert whole.choices[0]["stop_sequence"] == "END"
    assert whole.usage and {name: whole.usage[name] for name in SEARCHED} == SEARCHED
    [block] = anthropic_request.body(request(*QUESTION, whole.choices[0]["message"]), 9)["messages"][-1]["content"]
    assert block == CALL


def test_blocks_of_hosted_tools_go_back_in_the_order_in_which_they_came(server: FakeAnthropic) -> None:
    server.blocks, server.stop_reason = BLOCKS["hosted tools"]
    [choice] = assembled(server).choices
    question = {"role": "user", "content": "What is six by nine?"}
    list(providers.get("anthropic").stream_chat(request(question, choice["message"])))
    assert server.requests[-1].body["messages"][1]["content"] == server.blocks


@pytest.mark.parametrize("given", [{}, {"x": 1}])
def test_a_streamed_call_without_deltas_has_its_arguments(given: dict[str, Any]) -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "now", "input": given}
    kinds = ("content_block_start", "content_block_stop", "message_delta")
    events = [{"type": kind, "content_block": block, "delta": {"stop_reason": "tool_use"}} for kind in kinds]
    [choice] = joined(read_chunks("anthropic", map(json.dumps, events))).choices
    assert json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"]) == given


@pytest.mark.parametrize("cut", ['{"query": "six by', "{", '{"query": ', "[" * 100_000])
def test_a_hosted_call_that_was_cut_is_left_out_and_the_answer_ends_with_length(cut: str) -> None:
    call = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    events: list[dict[str, Any]] = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I look."}},
        {"type": "content_block_start", "index": 1, "content_block": call},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": cut}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
    ]
    [choice] = joined(read_chunks("anthropic", map(json.dumps, events))).choices
    assert choice == {"index": 0, "message": {"role": "assistant", "content": "I look."}, "finish_reason": "length"}


def test_a_whole_answer_to_a_stream_is_served_as_a_stream(
    server: FakeAnthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = providers.get("anthropic").chat(request())
    answer = server.answer
    monkeypatch.setattr(server, "answer", lambda seen: answer(replace(seen, body={**seen.body, "stream": False})))
    assert assembled(server).choices == whole.choices


def test_tokens_read_from_the_prompt_cache_are_billed_as_cached(server: FakeAnthropic) -> None:
    answer = providers.get("anthropic").chat(request())
    assert Usage.from_tokens(answer.usage) == Usage(input_tokens=14, cached_input_tokens=100, output_tokens=7)
    assert answer.usage
    assert answer.usage["prompt_tokens_details"] == {"cached_tokens": 100, "cache_write_tokens": 5}


def test_citations_of_all_texts_are_in_the_message(server: FakeAnthropic) -> None:
    server.blocks, server.stop_reason = BLOCKS["citations"]
    [choice] = providers.get("anthropic").chat(request()).choices
    kinds = [one["type"] for one in choice["message"]["citations"]]
    assert kinds == ["char_location", "web_search_result_location"]


def test_it_is_asked_with_its_own_headers(server: FakeAnthropic) -> None:
    providers.get("anthropic").chat(request())
    [seen] = server.requests
    assert (seen.path, seen.headers["x-api-key"]) == ("/v1/messages", "loopback-secret")
    assert seen.headers["anthropic-version"] == "2023-06-01"


@pytest.mark.parametrize("behaviour", ["400", "401", "429", "quota", "500", "529", "wrong-json", "empty"])
def test_its_errors_are_errors_of_ours(server: FakeAnthropic, behaviour: str) -> None:
    server.behave(behaviour)
    with pytest.raises(ProviderError if behaviour != "400" else Exception) as caught:
        providers.get("anthropic").chat(request())
    assert "loopback-secret" not in str(caught.value)


@pytest.mark.parametrize("behaviour", ["error-event", "half", "reset"])
def test_a_stream_that_fails_raises(server: FakeAnthropic, behaviour: str) -> None:
    server.behave(behaviour)
    with pytest.raises(ProviderError):
        list(providers.get("anthropic").stream_chat(request()))


def test_a_stream_without_its_end_raises(server: FakeAnthropic) -> None:
    server.stop_reason = ""
    with pytest.raises(ProviderUnavailable):
        list(providers.get("anthropic").stream_chat(request()))


def test_the_loopback_speaks_as_the_sdk_reads(server: FakeAnthropic) -> None:
    anthropic = pytest.importorskip("anthropic")
    server.blocks, server.stop_reason = BLOCKS["two tools"]
    client = anthropic.Anthropic(api_key="loopback-secret", base_url=server.url)
    asked: dict[str, Any] = {
        "model": "claude-sonnet-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    whole = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    assert json.loads(whole.model_dump_json(include={"content"})) == json.loads(
        streamed.model_dump_json(include={"content"})
    )


def test_a_stream_that_hangs_after_its_stop_reason_has_ended(
    server: FakeAnthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_response, "_LAST_PAUSE", 0.1)
    server.chunk_delay = 10
    answer = server.answer

    def held(seen: Seen) -> Answer:
        streamed = answer(seen)
        *events, stop = streamed.chunks
        return replace(streamed, chunks=[b"".join(events), stop])

    monkeypatch.setattr(server, "answer", held)
    started = time.monotonic()
    assert assembled(server).choices[0]["finish_reason"] == "stop"
    assert time.monotonic() - started < 0.8  # seconds; the read timeout is 1
