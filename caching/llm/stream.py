"""Streams of OpenAI's `chat.completion.chunk` objects: collect one into an answer, replay an answer as one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caching.llm.entry import WholeAnswer

Chunk = dict[str, Any]

_WORD = re.compile(r"\s*\S+\s*|\s+")
_JOINED = ("content", "reasoning_content", "reasoning", "refusal")  # fields of a delta that are parts of one text


def joined(chunks: Iterable[Mapping[str, Any]]) -> WholeAnswer:
    """Return the answer that `chunks` add up to. A choice that has not ended has no `finish_reason`."""
    choices: dict[int, dict[str, Any]] = {}
    model, usage = "", None
    for chunk in chunks:
        model = model or chunk.get("model") or ""
        usage = chunk.get("usage") or usage
        for part in chunk.get("choices") or ():
            index = part.get("index", 0)
            message: dict[str, Any] = {"role": "assistant", "content": None}
            choice = choices.setdefault(index, {"index": index, "message": message, "finish_reason": None})
            _add(choice, part)
    whole = [{**choice, "message": _whole_message(choice["message"])} for _, choice in sorted(choices.items())]
    return WholeAnswer(whole, model, usage)


def replay(choices: list[dict[str, Any]], *, model: str, usage: Mapping[str, Any] | None, id: str) -> Iterator[Chunk]:
    """Yield an answer as chunks: role, words, tool calls, finish reason; last the usage, without choices."""
    head = {"id": id, "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    for choice in choices:
        for delta, rest in _deltas(choice):
            yield {**head, "choices": [{"index": choice["index"], "delta": delta, "finish_reason": None, **rest}]}
        yield {**head, "choices": [{"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}]}
    if usage:
        yield {**head, "choices": [], "usage": usage}


class Different(ValueError):
    """A second answer to the same question begins differently."""


def rest_of(given: WholeAnswer, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Yield the chunks of the same answer without the part that was given out before. Raises Different."""
    if any("tool_calls" in choice["message"] for choice in given.choices):
        # Pieces of JSON that may belong to another call: not worth the risk.
        raise Different
    known = {(choice["index"], name): choice["message"].get(name) or "" for choice in given.choices for name in _JOINED}
    for chunk in chunks:
        parts = [
            {**part, "delta": _without_known(known, part.get("index", 0), part.get("delta") or {})}
            for part in chunk.get("choices") or ()
        ]
        yield {**chunk, "choices": parts} if parts else chunk


def _without_known(known: dict[tuple[int, str], str], index: int, delta: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `delta` without its role and without text that is `known`, which is shortened by that text."""
    rest = {name: value for name, value in delta.items() if name != "role"}
    for name in rest.keys() & _JOINED:
        before, piece = known.get((index, name), ""), rest[name] or ""
        common = min(len(before), len(piece))
        if piece[:common] != before[:common]:
            raise Different
        known[index, name], rest[name] = before[common:], piece[common:]
    return rest


def _whole_message(parts: dict[str, Any]) -> dict[str, Any]:
    if "tool_calls" not in parts:
        return parts
    calls = [call for _, call in sorted(parts["tool_calls"].items())]
    # A stream's first delta says "" where a whole answer says null.
    return {**parts, "content": parts["content"] or None, "tool_calls": calls}


def _add(choice: dict[str, Any], part: Mapping[str, Any]) -> None:
    choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
    message = choice["message"]
    for name, value in (part.get("delta") or {}).items():
        if name in _JOINED:
            if value is not None:
                message[name] = (message.get(name) or "") + value
        elif name == "tool_calls":
            for call in value or ():
                _add_tool_call(message.setdefault("tool_calls", {}), call)
        elif value is not None:
            message[name] = value
    for name, tokens in (part.get("logprobs") or {}).items():
        if tokens:
            choice.setdefault("logprobs", {}).setdefault(name, []).extend(tokens)


def _add_tool_call(calls: dict[int, dict[str, Any]], part: Mapping[str, Any]) -> None:
    call = calls.setdefault(part.get("index", 0), {"id": "", "type": "function", "function": {}})
    call["id"] = part.get("id") or call["id"]
    call["type"] = part.get("type") or call["type"]
    for name, value in (part.get("function") or {}).items():
        call["function"][name] = call["function"].get(name, "") + (value or "")


def _deltas(choice: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    message = choice["message"]
    yield {"role": "assistant", "content": ""}, {}
    for name in _JOINED:
        text = message.get(name)
        if isinstance(text, str) and text:
            logprobs = choice.get("logprobs") if name == "content" else None
            # Probabilities belong to tokens, which we cannot tell from words: such a text stays in one piece.
            pieces = [text] if logprobs else _WORD.findall(text)
            yield from (({name: piece}, {"logprobs": logprobs} if logprobs else {}) for piece in pieces)
    for position, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function", {})
        yield {"tool_calls": [{**call, "index": position, "function": {**function, "arguments": ""}}]}, {}
        arguments = {"index": position, "function": {"arguments": function.get("arguments", "")}}
        yield {"tool_calls": [arguments]}, {}
    rest = {name: value for name, value in message.items() if name not in (*_JOINED, "role", "tool_calls") and value}
    if rest:
        yield rest, {}
