"""OpenAI's Responses API with a hosted tool: a search, then a message that cites what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from speech.tests.loopback.answers import Answer, as_json

_numbers = count(1)


def respond(body: dict[str, Any]) -> Answer:
    response = _response(body)
    if not body.get("stream"):
        return as_json(response)
    events = [
        f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n".encode()
        for number, event in enumerate(_events(response))
    ]
    return Answer(events, content_type="text/event-stream", streamed=True)


def _response(body: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    said = body["input"] if isinstance(body["input"], str) else body["input"][-1].get("content", "")
    citation = {"type": "url_citation", "start_index": 0, "end_index": 3, "url": "https://example.com", "title": "E"}
    text = {"type": "output_text", "text": f"You said: {said}. So there.", "annotations": [citation], "logprobs": []}
    search = {"type": "search", "query": "it", "queries": ["it"], "sources": []}
    return {
        "id": f"resp_upstream{number}",
        "object": "response",
        "created_at": 1_790_000_000,
        "completed_at": 1_790_000_001,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": None,
        "model": f"{body['model']}-2026-11-01",
        "output": [
            {"id": f"rs_{number}", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Let me look"}]},
            {"id": f"ws_{number}", "type": "web_search_call", "status": "completed", "action": search},
            {"id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant", "content": [text]},
        ],
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": body.get("store", True),
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 300,
            "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 8},
            "total_tokens": 320,
        },
        "metadata": {},
    }


def _events(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None, "completed_at": None}
    thought, search, message = response["output"]
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    yield {"type": "response.output_item.added", "output_index": 0, "item": {**thought, "summary": []}}
    at = {"item_id": thought["id"], "output_index": 0, "summary_index": 0}
    text = thought["summary"][0]["text"]
    yield {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}}
    yield {"type": "response.reasoning_summary_text.delta", **at, "delta": text}
    yield {"type": "response.reasoning_summary_text.done", **at, "text": text}
    yield {"type": "response.reasoning_summary_part.done", **at, "part": thought["summary"][0]}
    yield {"type": "response.output_item.done", "output_index": 0, "item": thought}
    begun_search = {**search, "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": 1, "item": begun_search}
    for state in ("in_progress", "searching", "completed"):
        yield {"type": f"response.web_search_call.{state}", "item_id": search["id"], "output_index": 1}
    yield {"type": "response.output_item.done", "output_index": 1, "item": search}
    yield from _message_events(message)
    yield {"type": "response.completed", "response": response}


def _message_events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    part = message["content"][0]
    at = {"item_id": message["id"], "output_index": 2, "content_index": 0}
    begun = {**message, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "output_index": 2, "item": begun}
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": "", "annotations": []}}
    for word in part["text"].split():
        yield {"type": "response.output_text.delta", **at, "delta": f"{word} ", "logprobs": []}
    added = {"annotation_index": 0, "annotation": part["annotations"][0]}
    yield {"type": "response.output_text.annotation.added", **at, **added}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}
    yield {"type": "response.output_item.done", "output_index": 2, "item": message}
