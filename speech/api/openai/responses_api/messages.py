"""Input items of the Responses API as messages of chat completions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from speech.api.openai.responses_api.content import chat_content, is_refusal, native_parts, refusals_of
from speech.exceptions import InvalidRequest

Item = Mapping[str, Any]
Message = dict[str, Any]

_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
"""Type of an item: type of the tool call in chat, and the field that holds what the model wrote."""
_OUTPUTS = {"function_call_output": "output", "custom_tool_call_output": "output"}
_KNOWN = {"message", "reasoning", "item_reference", *_CALLS, *_OUTPUTS}
_OWN = {
    "message": {"type", "id", "role", "status", "content", "phase"},
    "reasoning": {"type", "id", "status", "summary", "content", "encrypted_content"},
    "function_call": {"type", "id", "status", "call_id", "name", "arguments", "caller", "message"},
    "custom_tool_call": {"type", "id", "status", "call_id", "name", "input", "caller", "message"},
}
"""Fields that have their place in chat or none there. Others came from the provider's message and go back into it."""


def items_of(value: Any) -> list[dict[str, Any]]:
    """Return the items of `input`, which may be a text. Raises InvalidRequest."""
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    if not isinstance(value, list):
        raise InvalidRequest("input must be a string or a list of items", param="input")
    for position, item in enumerate(value):
        if not isinstance(item, dict):
            raise InvalidRequest(f"input.{position} must be an object", param=f"input.{position}")
    return value


def kind_of(item: Item) -> str:
    if item.get("type"):
        return str(item["type"])
    return "message" if "role" in item else "item_reference"


def native_items(items: Sequence[Item]) -> list[str]:
    """Name the items that chat cannot express, such as those of hosted tools."""
    found = [f"input.{at} ({kind_of(item)})" for at, item in enumerate(items) if kind_of(item) not in _KNOWN]
    for position, item in enumerate(items):
        field = _OUTPUTS.get(kind_of(item), "content")
        found += native_parts(item.get(field), f"input.{position}.{field}")
    return found


def messages_of(items: Sequence[Item]) -> list[Message]:
    """Return the chat messages of a conversation. Raises InvalidRequest that names the item at fault.

    Reasoning from before the last question is left out, as the Responses API does.
    """
    current = max((at for at, item in enumerate(items) if item.get("role") == "user"), default=-1)
    thoughts: Message = {}
    messages: list[Message] = []
    for position, item in enumerate(items):
        path, kind = f"input.{position}", kind_of(item)
        if kind == "reasoning":
            thoughts |= _thoughts(item) if position > current else {}
        elif kind in _CALLS:
            _append_call(messages, _call(item, kind, path), thoughts | (item.get("message") or {}))
            thoughts = {}
        elif kind in _OUTPUTS:
            messages.append(_tool_message(item, kind, path))
        else:
            messages.append(_message(item, path, thoughts))
            thoughts = {} if item.get("role") == "assistant" else thoughts
    return messages


def _message(item: Item, path: str, thoughts: Message) -> Message:
    role, content = item.get("role"), item.get("content")
    if role != "assistant":
        return {"role": role, "content": chat_content(content, f"{path}.content"), **_extras(item, "message")}
    said = (
        content if isinstance(content, str) or content is None else [part for part in content if not is_refusal(part)]
    )
    message: Message = {"role": role, "content": chat_content(said, f"{path}.content") or None}
    if refusal := "" if isinstance(content, str) else refusals_of(content or ()):
        message["refusal"] = refusal
    elif message["content"] is None:
        message["content"] = ""
    return message | thoughts | _extras(item, "message")


def _call(item: Item, kind: str, path: str) -> dict[str, Any]:
    type, written = _CALLS[kind]
    for name in ("call_id", "name", written):
        if not isinstance(item.get(name), str):
            raise InvalidRequest(f"{path}.{name} must be a string", param=f"{path}.{name}")
    call = {"id": item["call_id"], "type": type, type: {"name": item["name"], written: item[written]}}
    return call | _extras(item, kind)


def _append_call(messages: list[Message], call: dict[str, Any], fields: Message) -> None:
    """Add a call to the assistant's message that it belongs to, or begin one."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    messages[-1] = {**messages[-1], **fields, "tool_calls": [*messages[-1].get("tool_calls", ()), call]}
    messages[-1]["content"] = messages[-1]["content"] or None


def _tool_message(item: Item, kind: str, path: str) -> Message:
    if not isinstance(item.get("call_id"), str):
        raise InvalidRequest(f"{path}.call_id must be a string", param=f"{path}.call_id")
    field = _OUTPUTS[kind]
    return {
        "role": "tool",
        "tool_call_id": item["call_id"],
        "content": chat_content(item.get(field), f"{path}.{field}"),
    }


def _thoughts(item: Item) -> Message:
    texts = "".join(_texts(item.get("content") or ()))
    return ({"reasoning_content": texts} if texts else {}) | _extras(item, "reasoning")


def _texts(parts: Iterable[Any]) -> Iterator[str]:
    return (part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def _extras(item: Item, kind: str) -> Message:
    return {name: value for name, value in item.items() if name not in _OWN[kind] and value is not None}
