"""Input items of the Responses API as messages of chat completions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from speech.api.openai.responses.content import chat_content, is_refusal, native_parts, refusals_of
from speech.api.openai.responses.encrypted_content import is_packed, unpacked
from speech.api.openai.responses.tools import joined_name
from speech.exceptions import InvalidRequest

Item = Mapping[str, Any]
Message = dict[str, Any]

# Type of an item: type of the tool call in chat, and the field that holds what the model wrote.
_CALLS = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
_OUTPUTS = {"function_call_output": "output", "custom_tool_call_output": "output"}
_KNOWN = {"message", "reasoning", "item_reference", "additional_tools", *_CALLS, *_OUTPUTS}
# Fields that have their place in chat or none there. Others came from the provider's message and go back into it.
_OWN = {
    "message": {"type", "id", "role", "status", "content", "phase"},
    "reasoning": {"type", "id", "status", "summary", "content", "encrypted_content"},
    "function_call": {"type", "id", "status", "call_id", "name", "namespace", "arguments", "caller", "message"},
    "custom_tool_call": {"type", "id", "status", "call_id", "name", "namespace", "input", "caller", "message"},
}


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
        if is_packed(item):
            if messages and messages[-1]["role"] == "assistant":
                messages[-1] = unpacked(item, messages[-1])
        elif kind == "additional_tools":
            continue
        elif kind == "reasoning":
            thoughts |= _thoughts(item) if position > current else {}
        elif kind in _CALLS:
            _add_call(messages, _call(item, kind, path), thoughts | (item.get("message") or {}))
            thoughts = {}
        elif kind in _OUTPUTS:
            _add_result(messages, _tool_message(item, kind, path))
        elif item.get("role") == "assistant":
            _add_answer(messages, _answer(item, path) | thoughts)
            thoughts = {}
        else:
            content = chat_content(item.get("content"), f"{path}.content")
            messages.append({"role": item.get("role"), "content": content, **_extras(item, "message")})
    return messages


def _answer(item: Item, path: str) -> Message:
    content = item.get("content")
    said = [part for part in content if not is_refusal(part)] if isinstance(content, list) else content
    refusal = refusals_of(content) if isinstance(content, list) else ""
    text = chat_content(said, f"{path}.content") or (None if refusal else "")
    return {
        "role": "assistant",
        "content": text,
        **({"refusal": refusal} if refusal else {}),
        **_extras(item, "message"),
    }


def _call(item: Item, kind: str, path: str) -> dict[str, Any]:
    type, written = _CALLS[kind]
    for name in ("call_id", "name", written):
        if not isinstance(item.get(name), str):
            raise InvalidRequest(f"{path}.{name} must be a string", param=f"{path}.{name}")
    name = joined_name(item.get("namespace"), item["name"])
    call = {"id": item["call_id"], "type": type, type: {"name": name, written: item[written]}}
    return call | _extras(item, kind)


def _add_call(messages: list[Message], call: dict[str, Any], fields: Message) -> None:
    """Add a call to the assistant's message that it belongs to, or begin one."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    last = messages[-1]
    if isinstance(thought := last.get("reasoning_content"), str) and "reasoning_content" in fields:
        fields = {**fields, "reasoning_content": thought + fields["reasoning_content"]}
    calls = [*last.get("tool_calls", ()), call]
    messages[-1] = {**last, **fields, "content": last["content"] or None, "tool_calls": calls}


def _add_answer(messages: list[Message], answer: Message) -> None:
    """Add a text of the assistant: to the message whose calls wait for their results, if there is one."""
    if not (messages and messages[-1].get("tool_calls")):
        messages.append(answer)
        return
    last = messages[-1]
    said = [content for content in (last["content"], answer["content"]) if content]
    parts = [part for content in said for part in _as_parts(content)]
    content = parts if len(said) > 1 else said[0] if said else None
    messages[-1] = {**last, **answer, "content": content}


def _add_result(messages: list[Message], result: Message) -> None:
    """Add a tool's result after its call and the results that are there: chat allows nothing in between."""
    asked = next((at for at in reversed(range(len(messages))) if _calls(messages[at], result["tool_call_id"])), None)
    position = len(messages) if asked is None else asked + 1
    while position < len(messages) and messages[position]["role"] == "tool":
        position += 1
    messages.insert(position, result)


def _calls(message: Message, id: str) -> bool:
    return any(call["id"] == id for call in message.get("tool_calls", ()))


def _as_parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


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
    texts = "".join(_texts(item.get("content") or item.get("summary") or ()))
    return ({"reasoning_content": texts} if texts else {}) | _extras(item, "reasoning")


def _texts(parts: Iterable[Any]) -> Iterator[str]:
    return (part["text"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("text"), str))


def _extras(item: Item, kind: str) -> Message:
    return {name: value for name, value in item.items() if name not in _OWN[kind] and value is not None}
