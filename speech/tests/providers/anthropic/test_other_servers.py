"""Streams of other servers with Anthropic's API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caching.llm.stream import joined
from speech.providers._shared.anthropic.answer import read_chunks

CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather"}


@pytest.mark.parametrize("begun", [{}, {"city": "Oslo"}])
@pytest.mark.parametrize("deltas", [[], [""], ['{"city": ', '"Bergen"}']])
def test_a_call_has_the_arguments_of_its_deltas_or_those_that_it_began_with(
    begun: dict[str, str], deltas: list[str]
) -> None:
    parts = [{"type": "input_json_delta", "partial_json": part} for part in deltas]
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {**CALL, "input": begun}},
        *({"type": "content_block_delta", "index": 0, "delta": part} for part in parts),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ]
    [choice] = joined(read_chunks("anthropic", map(json.dumps, events))).choices
    [call] = choice["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == ({"city": "Bergen"} if any(deltas) else begun)


AGAIN = [{}, {"input_tokens": 0}, {"input_tokens": None}, {"cache_read_input_tokens": 0}, "x"]


@pytest.mark.parametrize("again", AGAIN)
def test_no_later_event_takes_a_count_back(again: Any) -> None:
    first = {"input_tokens": 9, "cache_read_input_tokens": 5, "output_tokens": 1}
    last = {"output_tokens": 7, **again} if isinstance(again, dict) else again
    events = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": first}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last},
    ]
    usage = joined(read_chunks("anthropic", map(json.dumps, events))).usage
    assert usage
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (14, 7 if isinstance(again, dict) else 1)


def test_a_count_may_come_with_the_last_event_alone() -> None:
    last = {"input_tokens": 9, "output_tokens": 7}
    events = [
        {"type": "message_start", "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 0}}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last},
    ]
    usage = joined(read_chunks("anthropic", map(json.dumps, events))).usage
    assert usage and usage["total_tokens"] == 16
