"""A Responses request as a chat completions request, and what chat cannot express of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from speech.api.openai.responses.encrypted_content import is_packed
from speech.api.openai.responses.messages import Item, kind_of, messages_of, native_items
from speech.api.openai.responses.tools import chat_choice, chat_tools, hosted_choice, hosted_tools
from speech.exceptions import InvalidRequest

Body = Mapping[str, Any]
PartT = TypeVar("PartT")

# Fields that change the answer and have no counterpart in chat.
NOT_IN_CHAT = ("conversation", "prompt", "context_management", "moderation", "image", "access_programs")
# Fields that are not passed on under their own name. All others are, known or not.
_HANDLED = {
    *NOT_IN_CHAT,
    *("input", "instructions", "previous_response_id", "store", "metadata", "include", "stream", "stream_options"),
    *("background", "background_options", "max_tool_calls", "truncation", "prompt_cache_options", "client_metadata"),
    *("text", "reasoning", "tools", "tool_choice", "parallel_tool_calls", "max_output_tokens", "top_logprobs"),
}
ENCRYPTED = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
# Chat's names of fields, for error messages.
RENAMED = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
    "reasoning_effort": "reasoning.effort",
}


def chat_body(body: Body, items: Sequence[Item]) -> dict[str, Any]:
    """Return the body for chat completions. Raises InvalidRequest.

    The same question asked of chat gives the same body, and therefore the same cache entry.
    """
    fields = {name: value for name, value in body.items() if name not in _HANDLED and value is not None}
    return {
        **fields,
        **_read("text.format", _format, body.get("text") or {}),
        **_read("tool_choice", _tools, body, tools_of(body, items)),
        **_logprobs(body),
        **_given(
            max_completion_tokens=body.get("max_output_tokens"),
            reasoning_effort=(body.get("reasoning") or {}).get("effort"),
        ),
        "messages": [*_instructions(body.get("instructions")), *_read("input", messages_of, items)],
    }


def _read(field: str, read: Callable[..., PartT], *parts: Any) -> PartT:
    """Return what `read` makes of `parts`. Raises InvalidRequest for one of a wrong type, which nothing else checks."""
    try:
        return read(*parts)
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidRequest(f"a part of {field} is missing or has a wrong type", param=field) from error


def needs_native(body: Body, items: Sequence[Item]) -> list[str]:
    """Name what only a provider with a Responses API can do."""
    return [
        *(name for name in NOT_IN_CHAT if body.get(name)),
        *hosted_tools(tools_of(body, items)),
        *hosted_choice(body.get("tool_choice")),
        *native_items(items),
    ]


def prefers_native(body: Body, items: Sequence[Item]) -> bool:
    """Return True if the request asks for something that chat would leave out without a loss to the answer."""
    reasoning = body.get("reasoning") or {}
    return bool(
        ENCRYPTED in (body.get("include") or ())
        or any(value is not None for name, value in reasoning.items() if name != "effort")
        or body.get("truncation") == "auto"
        or body.get("prompt_cache_options")
        or any(item.get("encrypted_content") and not is_packed(item) for item in items)
    )


def _instructions(text: Any) -> list[dict[str, Any]]:
    return [{"role": "system", "content": text}] if text else []


def _format(text: Mapping[str, Any]) -> dict[str, Any]:
    form = text.get("format") or {}
    if form.get("type") == "json_schema":
        schema = {name: value for name, value in form.items() if name != "type" and value is not None}
        form = {"type": "json_schema", "json_schema": schema}
    return _given(response_format=form or None, verbosity=text.get("verbosity"))


def tools_of(body: Body, items: Sequence[Item]) -> list[Any]:
    """Return the tools of the request and those that items add. Raises InvalidRequest."""
    tools = [*(body.get("tools") or ())]
    for position, item in enumerate(items):
        added = item.get("tools") if kind_of(item) == "additional_tools" else ()
        if not isinstance(added, list | tuple) or not all(isinstance(tool, Mapping) for tool in added):
            raise InvalidRequest(f"input.{position}.tools must be a list of objects", param=f"input.{position}.tools")
        tools += added
    return tools


def _tools(body: Body, tools: list[Any]) -> dict[str, Any]:
    """Chat refuses the choice of a tool where there is none."""
    if not tools:
        return {}
    choice, parallel = body.get("tool_choice"), body.get("parallel_tool_calls")
    return {"tools": chat_tools(tools), **_given(tool_choice=chat_choice(choice), parallel_tool_calls=parallel)}


def _logprobs(body: Body) -> dict[str, Any]:
    most = body.get("top_logprobs")
    asked = bool(most) or _LOGPROBS in (body.get("include") or ())
    return {"logprobs": True, **_given(top_logprobs=most)} if asked else {}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
