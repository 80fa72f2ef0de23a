"""Anthropic's Messages API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from speech.tests.loopback.answers import Answer, Seen, as_json
from speech.tests.loopback.server import Loopback


def _error(status: int, kind: str, message: str, **headers: str) -> Answer:
    return as_json({"type": "error", "error": {"type": kind, "message": message}}, status, **headers)


class FakeAnthropic(Loopback):
    """`url` is the base URL. Set `blocks` and `stop_reason` to what the model is to answer."""

    errors: ClassVar[dict[str, Answer]] = {
        "400": _error(400, "invalid_request_error", "max_tokens: must be greater than 0"),
        "401": _error(401, "authentication_error", "invalid x-api-key"),
        "429": _error(429, "rate_limit_error", "Rate limited"),
        "429-retry-after": _error(429, "rate_limit_error", "Rate limited", Retry_After="1"),
        "quota": _error(402, "billing_error", "Your credit balance is too low"),
        "500": _error(500, "api_error", "Internal server error"),
        "529": _error(529, "overloaded_error", "Overloaded"),
        "error-event": Answer(
            [b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}\n\n'],
            content_type="text/event-stream",
            streamed=True,
        ),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.blocks: list[dict[str, Any]] = [{"type": "text", "text": "Forty-two. That is all."}]
        self.stop_reason = "end_turn"
        self.usage = {"input_tokens": 9, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5}

    def answer(self, seen: Seen) -> Answer:
        if seen.path.partition("?")[0] != "/v1/messages":
            return _error(404, "not_found_error", "Not found")
        if not seen.body.get("stream"):
            return as_json(self._message(seen, self.blocks, self.stop_reason, {**self.usage, "output_tokens": 7}))
        events = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in self._events(seen)]
        return Answer(events, content_type="text/event-stream", streamed=True)

    def _message(self, seen: Seen, blocks: list[Any], reason: str | None, usage: dict[str, int]) -> dict[str, Any]:
        return {
            "id": "msg_loopback",
            "type": "message",
            "role": "assistant",
            "model": seen.body["model"],
            "content": blocks,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": usage,
        }

    def _events(self, seen: Seen) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": self._message(seen, [], None, {**self.usage, "output_tokens": 1})}
        yield {"type": "ping"}
        for index, block in enumerate(self.blocks):
            yield from _streamed(index, block)
        delta = {"stop_reason": self.stop_reason, "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}}
        yield {"type": "message_stop"}


def _streamed(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = block["type"]
    deltas: list[dict[str, Any]] = []
    begun = dict(block)
    if kind == "text":
        begun |= {"text": ""} | ({"citations": []} if "citations" in block else {})
        deltas = [{"type": "text_delta", "text": part} for part in _halves(block["text"])]
        deltas += [{"type": "citations_delta", "citation": one} for one in block.get("citations", ())]
    elif kind in ("tool_use", "server_tool_use"):
        begun["input"] = {}
        # As the API does: a call without arguments has one blank delta.
        parts = _halves(json.dumps(block["input"])) if block["input"] else ("",)
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
    elif kind == "thinking":
        begun |= {"thinking": "", "signature": ""}
        deltas = [{"type": "thinking_delta", "thinking": part} for part in _halves(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    yield from ({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
    yield {"type": "content_block_stop", "index": index}


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]
