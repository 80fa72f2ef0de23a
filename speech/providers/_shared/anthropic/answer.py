"""Answers of Anthropic's Messages API, whole and streamed, in OpenAI's terms."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from speech import strict_json
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared import errors
from speech.providers._shared.http import json_object
from speech.providers.base import ChatAnswer

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

# Blocks for which a message has a field. Blocks of hosted tools (web search, code, MCP) have none: they are in its
# `content_blocks`, in their order, together with the thinking. Texts and calls between them are not, because a message
# would hold them twice: they go back to Anthropic after these blocks.
_WITH_A_FIELD = ("text", "tool_use")
_THINKING = ("thinking", "redacted_thinking")
# Fields of a message, and of its usage, with a counterpart in OpenAI's terms. The others keep their names: `container`,
# `stop_details`, `server_tool_use` …
_OF_MESSAGE = ("id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage")
_COUNTED = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_OF_CALL = ("type", "id", "name", "input")


def read_answer(provider: str, answer: Mapping[str, Any]) -> ChatAnswer:
    """Raises ProviderBadAnswer unless it is a message."""
    blocks = answer.get("content")
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ProviderBadAnswer(f"{provider} returned no message")
    message: dict[str, Any] = {"role": "assistant", "content": _join(blocks, "text")}
    if calls := [_call(block, _arguments(block)) for block in blocks if block.get("type") == "tool_use"]:
        message |= {"content": message["content"] or None, "tool_calls": calls}
    if citations := _citations(blocks):
        message["citations"] = citations
    if thinking := [block for block in blocks if block.get("type") in _THINKING]:
        message |= {"reasoning_content": _join(thinking, "thinking"), "thinking_blocks": thinking}
    if any(map(_is_hosted, blocks)):
        message["content_blocks"] = [block for block in blocks if block.get("type") not in _WITH_A_FIELD]
    choice = {"index": 0, "message": message, **_end(answer)}
    model, extra = str(answer.get("model") or ""), _others(answer, _OF_MESSAGE)
    return ChatAnswer(choices=[choice], model=model, usage=usage(answer.get("usage")), extra=extra)


def usage(counted: Any) -> dict[str, Any] | None:
    """Return OpenAI's `usage`, in whose `prompt_tokens` the cached ones are included."""
    if not isinstance(counted, Mapping) or not isinstance(counted.get("input_tokens"), int):
        return None
    read, written = (counted.get(f"cache_{way}_input_tokens") or 0 for way in ("read", "creation"))
    prompt = counted["input_tokens"] + read + written
    output = counted.get("output_tokens") or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        **_others(counted, _COUNTED),
    }


def read_chunks(provider: str, events: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield OpenAI's chunks of a streamed message. Raises ProviderError for an error event and for what is no event."""
    stream = _Stream()
    for event in (json_object(provider, text) for text in events):
        kind = event.get("type")
        if kind == "error":
            raise errors.from_event(provider, event)
        if kind == "message_stop":
            break
        if handle := getattr(stream, f"on_{kind}", None):
            yield from handle(event)
    yield from stream.usage()


class _Stream:
    """One streamed message: a method for each type of event returns the chunks that it becomes."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {"id": "", "object": "chat.completion.chunk", "created": 0, "model": ""}
        self._counted: dict[str, Any] = {}
        self._others: dict[str, Any] = {}
        # Position among the tool calls, by the index of the block.
        self._calls: dict[int, int] = {}
        # Arguments with which calls begin: all of them for servers without deltas, and no part of what deltas say.
        self._given: dict[int, str] = {}
        # Indexes of the calls whose arguments have begun.
        self._begun: set[int] = set()
        # Blocks that are sent in one piece, by their index, and the JSON text of a hosted tool's input.
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, str] = {}
        # Those that are complete and not among the `content_blocks`: all of them until a hosted tool is used.
        self._held_back: list[dict[str, Any]] = []
        self._has_hosted = False

    def on_message_start(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        message = event.get("message") or {}
        self._head |= {"id": message.get("id") or "", "model": message.get("model") or ""}
        self._count(message.get("usage"))
        self._others |= _others(message, _OF_MESSAGE)
        yield self._chunk({"role": "assistant", "content": ""})

    def on_content_block_start(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        block, at = event.get("content_block") or {}, event.get("index", 0)
        kind = block.get("type")
        if kind == "tool_use":
            position = self._calls.setdefault(at, len(self._calls))
            yield self._chunk({"tool_calls": [{"index": position, **_call(block, "")}]})
            self._given[at] = _arguments(block)
        elif kind in ("text", None):
            if block.get("text"):
                yield self._chunk({"content": block["text"]})
        else:
            self._blocks[at] = dict(block)

    def on_content_block_delta(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        delta, at = event.get("delta") or {}, event.get("index", 0)
        kind = delta.get("type")
        if kind == "text_delta":
            yield self._chunk({"content": delta.get("text") or ""})
        elif kind == "citations_delta" and delta.get("citation"):
            yield self._chunk({"citations": [delta["citation"]]})
        elif kind == "input_json_delta" and at in self._calls and delta.get("partial_json"):
            yield self._arguments(at, delta["partial_json"])
        elif kind == "input_json_delta" and at in self._blocks:
            self._inputs[at] = self._inputs.get(at, "") + (delta.get("partial_json") or "")
        elif kind == "thinking_delta" and at in self._blocks:
            block = self._blocks[at]
            block["thinking"] = (block.get("thinking") or "") + (delta.get("thinking") or "")
            yield self._chunk({"reasoning_content": delta.get("thinking") or ""})
        elif kind == "signature_delta" and at in self._blocks:
            self._blocks[at]["signature"] = delta.get("signature")

    def on_content_block_stop(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        at = event.get("index", 0)
        if at in self._calls and at not in self._begun:
            # Without deltas, or with a blank one, it has the arguments that it began with, if any.
            yield self._arguments(at, self._given[at])
        # In one piece: it must go back to Anthropic as it was, text and signature together.
        if block := self._blocks.pop(at, None):
            if given := self._inputs.pop(at, ""):
                try:
                    block["input"] = strict_json.parse(given)
                except ValueError:
                    # Cut by `max_tokens`: it has no result, and could not go back.
                    return
            yield self._whole(block)

    def on_message_delta(self, event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        self._count(event.get("usage"))
        delta = event.get("delta") or {}
        others = self._others | _others(event, ("type", "delta", "usage")) | _others(delta, _OF_MESSAGE)
        yield {**others, **self._chunk({}, **_end(delta))}

    def _count(self, usage: Any) -> None:
        """Add counts, which are sums so far: some servers say 0 or null where they have told one before."""
        for name, value in usage.items() if isinstance(usage, Mapping) else ():
            if value or name not in self._counted:
                self._counted[name] = value

    def _whole(self, block: dict[str, Any]) -> dict[str, Any]:
        delta: dict[str, Any] = {}
        if _is_hosted(block):
            self._has_hosted = True
        else:
            delta["thinking_blocks"] = [block]
        self._held_back.append(block)
        if self._has_hosted:
            delta["content_blocks"], self._held_back = self._held_back, []
        return self._chunk(delta)

    def _arguments(self, at: int, text: str) -> dict[str, Any]:
        self._begun.add(at)
        return self._chunk({"tool_calls": [{"index": self._calls[at], "function": {"arguments": text}}]})

    def usage(self) -> Iterator[dict[str, Any]]:
        if counts := usage(self._counted):
            yield {**self._head, "choices": [], "usage": counts}

    def _chunk(self, delta: dict[str, Any], **end: Any) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": None, **end}]}


def _is_hosted(block: Mapping[str, Any]) -> bool:
    return block.get("type") not in (*_WITH_A_FIELD, *_THINKING)


def _call(block: Mapping[str, Any], arguments: str) -> dict[str, Any]:
    function = {"name": block.get("name"), "arguments": arguments}
    return {"id": block.get("id"), "type": "function", "function": function, **_others(block, _OF_CALL)}


def _citations(blocks: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return each citation once, as the chunks of a stream assemble."""
    found: list[Any] = []
    for citation in chain.from_iterable(block.get("citations") or () for block in blocks):
        if citation not in found:
            found.append(citation)
    return found


def _join(blocks: Iterable[Mapping[str, Any]], kind: str) -> str:
    """Return the texts of the blocks of type `kind`, which are in a field of the same name."""
    return "".join(block.get(kind) or "" for block in blocks if block.get("type") == kind)


def _arguments(block: Mapping[str, Any]) -> str:
    return json.dumps(block.get("input") or {}, ensure_ascii=False)


def _end(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the end of a choice: OpenAI's word for the reason, and the stop sequence that was met.

    An unknown reason stays as it is, and its answer is not stored.
    """
    reason, met = message.get("stop_reason"), message.get("stop_sequence")
    more = {"stop_sequence": met} if met else {}
    return {"finish_reason": _REASONS.get(reason, reason) if reason else None, **more}


def _others(fields: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in known and value is not None}
