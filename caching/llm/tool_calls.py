"""Tool calls of one message, put together from a stream's deltas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from caching import numbers
from caching.llm.merging import Unassembled, joined_text, merged

# The objects that hold a call, by its `type`, each with the name of its text.
KINDS = {"function": "arguments", "custom": "input"}

ToolCall = dict[str, Any]


class ToolCalls:
    """The calls so far.

    OpenAI gives each call an `index`, and its id and name once. Gemini and Ollama give all the index 0, or none: there
    a new id begins a new call. NVIDIA NIM repeats the name in each delta, SGLang has sent a new id with each.
    """

    def __init__(self) -> None:
        self._calls: list[ToolCall] = []
        self._indexes: list[int] = []
        """Index of each call, for their order."""
        self._open: dict[int, ToolCall] = {}
        """The last call with each index."""

    def add(self, parts: Any) -> list[ToolCall]:
        """Add `tool_calls` of a delta. Return the call that each part belongs to. Raises Unassembled."""
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise Unassembled("tool_calls is no list of objects")
        added: list[ToolCall] = []
        for part in parts:
            index = _index_of(part)
            call = self._call_of(part, index)
            beside = index is None and any(call is each for each in added)
            if call is None or (beside and name_of(part)) or _begins(call, part):
                call = {}
                self._calls.append(call)
                self._indexes.append(len(self._calls) if index is None else index)
            added.append(call)
            if index is not None:
                self._open[index] = call
            _add(call, part)
        return added

    def positions_of(self, parts: Any) -> list[int]:
        """Add `tool_calls` of a delta. Return the position of the call of each part. Raises Unassembled."""
        added = self.add(parts)
        return [next(at for at, call in enumerate(self._calls) if call is each) for each in added]

    def finished(self) -> list[ToolCall]:
        """Return the calls. Raises Unassembled if one has no name."""
        for call in self._calls:
            if call.get("function"):
                call["type"] = call.get("type") or "function"
            if any(call.get(kind) is not None for kind in KINDS) and not name_of(call):
                raise Unassembled("a tool call has no name")
        order = sorted(range(len(self._calls)), key=self._indexes.__getitem__)
        return [self._calls[position] for position in order]

    def _call_of(self, part: ToolCall, index: int | None) -> ToolCall | None:
        """Return the call that `part` continues unless it begins a new one."""
        if index is not None:
            return self._open.get(index)
        last = self._calls[-1] if self._calls else None
        return next((call for call in self._calls if part.get("id") and call.get("id") == part["id"]), last)


def _index_of(part: ToolCall) -> int | None:
    """Return the index of a delta, which may be a text of digits. Raises Unassembled for any other."""
    index = part.get("index")
    if index is None or isinstance(index, int):
        return index
    if isinstance(index, str) and (number := numbers.whole(index)) is not None:
        return number
    raise Unassembled("the index of a tool call is no whole number")


def _begins(call: ToolCall, part: ToolCall) -> bool:
    """Return True if `part` is not more of `call`, although it has the same index. Raises Unassembled in doubt."""
    old_id, new_id = call.get("id"), part.get("id")
    name = name_of(part)
    if new_id and new_id == old_id:
        return False
    if _is_complete(call) and (text_of(part).lstrip().startswith("{") or name not in ("", name_of(call))):
        return bool(name or new_id)
    if not (new_id and old_id and name):
        return False
    if name == name_of(call) and call.get("function") and not text_of(call) and not _is_complete(part):
        raise Unassembled("a call without arguments has two ids")
    return name != name_of(call) or not _is_cut(call)


def _add(call: ToolCall, part: ToolCall) -> None:
    for name, value in part.items():
        if name == "index":
            continue
        if name == "id":
            call["id"] = call.get("id") or value
        elif name in KINDS and value is not None:
            call[name] = extended(call.get(name) or {}, value, text=KINDS[name])
        else:
            call[name] = merged(name, call.get(name), value, "fact")


def extended(body: ToolCall, part: Any, *, text: str) -> ToolCall:
    """Add a delta to the name and the `text` of a call. Raises Unassembled."""
    if not isinstance(part, dict):
        raise Unassembled("a tool call is no object")
    for name, value in part.items():
        old = body.get(name)
        if name == text and isinstance(value, str) and isinstance(old, str):
            body[name] = _longer(old, value) if name == "arguments" else joined_text((old, value))
        else:
            body[name] = merged(name, old, value, "fact")
    return body


def _longer(arguments: str, more: str) -> str:
    """Return both as one text. Some servers send all arguments once more at the end."""
    if more.strip() and arguments and _is_object(arguments):
        if more == arguments:
            return arguments
        raise Unassembled("arguments go on after their end")
    return joined_text((arguments, more))


def _body_of(call: ToolCall) -> ToolCall:
    body = next((call[kind] for kind in KINDS if call.get(kind)), None)
    return body if isinstance(body, dict) else {}


def name_of(call: ToolCall) -> str:
    return str(_body_of(call).get("name") or "")


def text_of(call: ToolCall) -> str:
    """Return the text of a call; arguments that are no text but an object, as Ollama's own API has them, as JSON."""
    text = next((_body_of(call)[name] for name in KINDS.values() if _body_of(call).get(name)), "")
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


def has_valid_arguments(message: Mapping[str, Any]) -> bool:
    """Return False if a model called a function that nobody can run: its next try may be better."""
    calls = message.get("tool_calls")
    functions = [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    texts = [each.get("arguments") for each in (*functions, message.get("function_call")) if isinstance(each, dict)]
    return all(_is_object(text) for text in texts if text and isinstance(text, str))


def _is_complete(call: ToolCall) -> bool:
    return _is_object(text_of(call))


def _is_object(arguments: str) -> bool:
    """Return True for a JSON object, which nothing but white space may follow."""
    if not arguments.rstrip().endswith("}"):
        return False
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


def _is_cut(call: ToolCall) -> bool:
    """Return True if the arguments of a function have begun and go on."""
    return bool(call.get("function")) and text_of(call).lstrip().startswith("{") and not _is_complete(call)
