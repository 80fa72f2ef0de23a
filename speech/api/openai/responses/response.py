"""The response object: what it repeats of the request, its ids and its usage."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from speech.models.stored_response import token_of

Response = dict[str, Any]

_ECHOED = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "previous_response_id", "prompt_cache_key"),
    *("safety_identifier", "top_logprobs", "user"),
)


def begun(body: Mapping[str, Any], *, id: str, model: str, stored: bool) -> Response:
    """Return a response in progress, with the defaults of fields that the request does not set."""
    return {
        "id": id,
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "parallel_tool_calls": _or(body.get("parallel_tool_calls"), True),
        "reasoning": {"effort": None, "summary": None, **(body.get("reasoning") or {})},
        "store": stored,
        "temperature": _or(body.get("temperature"), 1.0),
        "text": {"format": {"type": "text"}, **(body.get("text") or {})},
        "tool_choice": _or(body.get("tool_choice"), "auto"),
        "tools": [_tool(tool) for tool in body.get("tools") or ()],
        "top_p": _or(body.get("top_p"), 1.0),
        "truncation": _or(body.get("truncation"), "disabled"),
        "usage": None,
        **{name: body.get(name) for name in _ECHOED},
        "metadata": body.get("metadata") or {},
    }


def item_id(prefix: str, response_id: str, number: int) -> str:
    """Return an id from which the response of the item can be found again."""
    return f"{prefix}_{token_of(response_id)}{number:02x}"


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return chat's `usage` under the names of the Responses API."""
    if not usage:
        return None
    read, written = _details(usage, "prompt_tokens_details"), _details(usage, "completion_tokens_details")
    asked, answered = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": _count(read, "cached_tokens"),
            "cache_write_tokens": _count(read, "cache_write_tokens"),
        },
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": _count(written, "reasoning_tokens")},
        "total_tokens": _count(usage, "total_tokens") or asked + answered,
    }


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    details = usage.get(name)
    return details if isinstance(details, Mapping) else {}


def _count(counts: Mapping[str, Any], name: str) -> int | float:
    count = counts.get(name)
    return count if isinstance(count, int | float) else 0


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function is listed with all of its fields, which OpenAI's types require."""
    return {"parameters": None, "strict": None, **tool} if tool.get("type") == "function" else dict(tool)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
