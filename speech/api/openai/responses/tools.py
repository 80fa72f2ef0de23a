"""Tools and tool choice of the Responses API in chat's form. Chat has functions and custom tools only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from speech.exceptions import InvalidRequest

Tool = Mapping[str, Any]

_IN_CHAT = ("function", "custom")
_CHOICES = (*_IN_CHAT, "allowed_tools")


def joined_name(namespace: str | None, name: str) -> str:
    """Return the name in chat of a tool, which has no namespaces there."""
    return f"{namespace}__{name}" if namespace else name


def opened(tools: Sequence[Tool]) -> Iterator[tuple[int, Tool]]:
    """Yield each tool and its position, those of a namespace under their names in chat."""
    for position, tool in enumerate(tools):
        if tool.get("type") != "namespace":
            yield position, tool
            continue
        for inner in _tools_in(tool):
            about = "\n\n".join(
                text for text in (tool.get("description"), inner.get("description")) if text and isinstance(text, str)
            )
            name = joined_name(tool["name"], inner["name"])
            yield position, {**inner, "name": name, "description": about or None}


def names_in_chat(tools: Sequence[Tool]) -> dict[str, tuple[str, str]]:
    """Return namespace and name of each tool of a namespace by its name in chat."""
    return {
        joined_name(tool["name"], inner["name"]): (tool["name"], inner["name"])
        for tool in tools
        if tool.get("type") == "namespace"
        for inner in _tools_in(tool)
    }


def _tools_in(namespace: Tool) -> Sequence[Tool]:
    tools = namespace.get("tools")
    if not isinstance(tools, list) or not all(map(_is_named, [namespace, *tools])):
        raise InvalidRequest("a namespace must have a name and a list of tools with names", param="tools")
    return tools


def _is_named(tool: Any) -> bool:
    return isinstance(tool, Mapping) and isinstance(tool.get("name"), str)


def chat_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return tools as chat has them. Raises InvalidRequest for one without a name, such as one in chat's own form."""
    for position, tool in opened(tools):
        if not _is_named(tool):
            raise InvalidRequest(f"tools.{position}.name must be a string", param=f"tools.{position}.name")
    return [{"type": tool["type"], tool["type"]: _definition(tool)} for _, tool in opened(tools)]


def chat_choice(choice: Any) -> Any:
    if not isinstance(choice, Mapping):
        return choice
    if choice["type"] == "allowed_tools":
        tools = [_named(tool) for tool in choice.get("tools") or ()]
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.get("mode"), "tools": tools}}
    return _named(choice)


def hosted_tools(tools: Sequence[Tool]) -> list[str]:
    """Name the tools that the provider itself would run."""
    return [f"tools.{at} ({tool.get('type')})" for at, tool in opened(tools) if tool.get("type") not in _IN_CHAT]


def hosted_choice(choice: Any) -> list[str]:
    if not isinstance(choice, Mapping) or choice.get("type") in _CHOICES:
        return []
    return [f"tool_choice ({choice.get('type')})"]


def _definition(tool: Tool) -> dict[str, Any]:
    fields = {name: value for name, value in tool.items() if name != "type" and value is not None}
    form = fields.get("format")
    if isinstance(form, Mapping) and form.get("type") == "grammar":
        fields["format"] = {"type": "grammar", "grammar": {name: form.get(name) for name in ("syntax", "definition")}}
    return fields


def _named(tool: Tool) -> dict[str, Any]:
    if tool.get("type") not in _IN_CHAT:
        return dict(tool)
    return {"type": tool["type"], tool["type"]: {"name": tool.get("name")}}
