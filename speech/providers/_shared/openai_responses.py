"""The Responses API in OpenAI's wire format, and a response as a chat answer, which is how the cache keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from speech.exceptions import ProviderBadAnswer, ProviderUnavailable
from speech.providers._shared import errors
from speech.providers._shared.http import json_object
from speech.providers._shared.sse import read_events
from speech.providers.base import ChatAnswer, ChatRequest

# The parameter of a ChatRequest that holds the body of a Responses request.
BODY = "response"
ENDS = ("response.completed", "response.incomplete")
_CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


def body(request: ChatRequest) -> dict[str, Any]:
    """Return the JSON body of a prepared request."""
    own = request.params[BODY]
    return {**own, **{name: value for name, value in request.params.items() if name != BODY}, "model": request.model}


def read_response(provider: str, answer: Mapping[str, Any]) -> ChatAnswer:
    """Return a finished response. Raises ProviderError if it failed or is none."""
    if answer.get("status") == "failed" or answer.get("error"):
        raise errors.from_event(provider, answer.get("error") or {})
    output = answer.get("output")
    if not isinstance(output, list) or not all(_is_item(item) for item in output):
        raise ProviderBadAnswer(f"{provider} did not return a response")
    return ChatAnswer([_choice(answer, output)], str(answer.get("model") or ""), chat_usage(answer.get("usage")))


def read_stream(provider: str, reply: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the events of a streamed response. Raises ProviderError if it fails or ends early."""
    for data in read_events(reply):
        event = _read_event(provider, data)
        if event["type"] == "error":
            raise errors.from_event(provider, event.get("error") or event)
        if event["type"] == "response.failed":
            raise errors.from_event(provider, event["response"].get("error") or {})
        yield event
        if event["type"] in ENDS:
            return
    raise ProviderUnavailable(f"{provider} ended its stream early")


def response_in(answer: Any) -> dict[str, Any]:
    """Return the response that `read_response` made an answer of."""
    response: dict[str, Any] = answer.choices[0]["message"][BODY]
    return response


def _read_event(provider: str, data: str) -> dict[str, Any]:
    event = json_object(provider, data)
    if not isinstance(event.get("type"), str):
        raise ProviderBadAnswer(f"{provider} sent an event without a type")
    if event["type"] in (*ENDS, "response.failed") and not isinstance(event.get("response"), dict):
        raise ProviderBadAnswer(f"{provider} ended its response without one")
    return event


def _is_item(item: Any) -> bool:
    """Return True for an item whose texts and calls are where the API has them; others may be of any form."""
    if not isinstance(item, dict):
        return False
    if field := _CALLS.get(str(item.get("type"))):
        return isinstance(item.get(field), str)
    lists = [item[name] for name in ("content", "summary") if item.get(name) is not None]
    return item.get("type") not in ("message", "reasoning") or all(map(_are_parts, lists))


def _are_parts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(part, dict) and all(isinstance(part.get(name) or "", str) for name in ("text", "refusal"))
        for part in value
    )


def _choice(response: Mapping[str, Any], output: list[dict[str, Any]]) -> dict[str, Any]:
    calls = [_call(item) for item in output if str(item.get("type")) in _CALLS]
    message = {"role": "assistant", "content": _text(output), **({"tool_calls": calls} if calls else {})}
    reason = "tool_calls" if calls else "stop"
    if response.get("status") != "completed":
        details = response.get("incomplete_details")
        reason = _REASONS.get(str(details.get("reason")) if isinstance(details, Mapping) else "", "length")
    return {"index": 0, "message": {**message, BODY: dict(response)}, "finish_reason": reason}


def _text(output: list[dict[str, Any]]) -> str:
    parts = [part for item in output if item.get("type") == "message" for part in item.get("content") or ()]
    return "".join(part.get("text") or "" for part in parts)


def _call(item: Mapping[str, Any]) -> dict[str, Any]:
    custom = item["type"] == "custom_tool_call"
    type, field = ("custom", "input") if custom else ("function", "arguments")
    return {"id": item.get("call_id"), "type": type, type: {"name": item.get("name"), field: item.get(field)}}


def chat_usage(usage: Any) -> dict[str, Any] | None:
    """Return usage under chat's names, by which it is priced."""
    if not isinstance(usage, Mapping):
        return None
    details = usage.get("input_tokens_details")
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "total_tokens": usage.get("total_tokens"),
        **({"prompt_tokens_details": details} if isinstance(details, Mapping) else {}),
    }
