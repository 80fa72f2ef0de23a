from __future__ import annotations

import json
from typing import Any

import pytest

from speech.api.openai.rendering import completion_events

CHUNK: dict[str, Any] = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def part(text: str, **more: Any) -> dict[str, Any]:
    return {**CHUNK, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more}


def sent(chunks: list[dict[str, Any]], *, wants_usage: bool) -> list[dict[str, Any]]:
    *events, done = completion_events(iter(chunks), id="ours", model="m", wants_usage=wants_usage)
    assert done == b"data: [DONE]\n\n"
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def test_usage_that_grows_with_each_chunk_is_sent_once_at_the_end() -> None:
    chunks = [part(text, usage={"total_tokens": number}) for number, text in enumerate("abc", 1)]
    *events, last = sent(chunks, wants_usage=True)
    assert [event["choices"][0]["delta"]["content"] for event in events] == ["a", "b", "c"]
    assert {event["usage"] for event in events} == {None}
    assert (last["choices"], last["usage"]) == ([], {"total_tokens": 3})


def test_usage_is_not_sent_unless_it_is_asked_for() -> None:
    chunks = [part("a", usage={"total_tokens": 1}), {**CHUNK, "choices": [], "usage": {"total_tokens": 1}}]
    [event] = sent(chunks, wants_usage=False)
    assert "usage" not in event


@pytest.mark.parametrize("wants_usage", [True, False])
def test_what_comes_with_the_usage_is_sent_once_also_where_usage_is_not_asked_for(wants_usage: bool) -> None:
    # xAI's last chunk
    end = {**CHUNK, "choices": [], "usage": {"total_tokens": 1}, "citations": ["https://a.example"]}
    events = sent([part("a"), end], wants_usage=wants_usage)
    assert [event["citations"] for event in events if "citations" in event] == [["https://a.example"]]
    assert [event["usage"] for event in events if event.get("usage")] == [{"total_tokens": 1}] * wants_usage


def test_a_chunk_without_choices_is_passed_on_if_it_says_something() -> None:
    filters = {**CHUNK, "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    counted = {**CHUNK, "choices": [], "usage": {"total_tokens": 1}, "system_fingerprint": "fp"}
    events = sent([filters, part("a"), {**CHUNK, "choices": [], "usage": None}, counted], wants_usage=False)
    assert [event.get("prompt_filter_results") for event in events] == [[{"prompt_index": 0}], None]
