"""A chat request in OpenAI's terms as the body of Anthropic's Messages API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from speech.exceptions import InvalidRequest, UnsupportedFeature
from speech.providers._shared.openai_chat import language_wish
from speech.providers.base import ChatRequest

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+);base64,(?P<data>.*)", re.DOTALL)
# Same name and meaning in both APIs.
_PASSED_ON = (
    "temperature", "top_p", "top_k", "thinking", "container", "context_management", "mcp_servers", "output_config",
    "cache_control", "inference_geo", "speed",
)  # fmt: skip
# Fields of a tool with the same name and meaning in both APIs.
_OF_TOOLS = ("strict", "allowed_callers", "defer_loading", "eager_input_streaming", "input_examples", "cache_control")
# No counterpart, and no effect on what an answer may say. A seed only selects one of several answers.
_DROPPED = ("store", "seed", "prompt_cache_key", "prompt_cache_retention", "stream", "stream_options")
# No counterpart, and without effect only where they are 0, false or empty.
_UNSUPPORTED = ("logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty")
# Fields of a text block beside its text; others are refused.
_OF_TEXT = ("cache_control", "citations")
_LEAST_THINKING = 1_024  # by the API reference
# Tokens of thinking for OpenAI's `reasoning_effort`.
_THINKING = {"minimal": _LEAST_THINKING, "low": 2_048, "medium": 8_192, "high": 16_384}


def body(request: ChatRequest, max_tokens: int) -> dict[str, Any]:
    """Return the JSON body; `max_tokens` is the limit of an answer where the request names none.

    Raises InvalidRequest, with `param`, for what the API cannot do.
    """
    params = dict(request.params)
    limits = params.pop("max_completion_tokens", None), params.pop("max_tokens", None)
    limit = limits[0] or limits[1]
    sent: dict[str, Any] = {"model": request.model, "max_tokens": limit or max_tokens}
    if system := list(_system(request)):
        sent["system"] = system
    sent["messages"] = _messages(request.messages)
    sent |= _tools(params)
    effort = params.pop("reasoning_effort", None)
    if effort not in (None, "none") and "thinking" not in params:
        sent |= _thinking(effort, limit, max_tokens)
    sent |= _format(params.pop("response_format", None))
    if stop := params.pop("stop", None):
        sent["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    sent |= _accounting(params)
    for name in _PASSED_ON:
        if name in params:
            sent[name] = params.pop(name)
    if (choices := params.pop("n", None)) not in (None, 1):
        raise UnsupportedFeature(f"anthropic gives one choice, not {choices}", param="n")
    for name, value in params.items():
        if name not in _DROPPED and (value or name not in _UNSUPPORTED):
            raise UnsupportedFeature(f"anthropic has no counterpart of {name}", param=name)
    return sent


def _accounting(params: dict[str, Any]) -> dict[str, Any]:
    """Return `metadata`, in which the API takes the end user and nothing else, and its own tiers of service."""
    metadata, tier = params.pop("metadata", None), params.pop("service_tier", None)
    named = {name: params.pop(name, None) for name in ("user", "safety_identifier")}
    users = [metadata.get("user_id") if isinstance(metadata, Mapping) else None, *named.values()]
    user = next((user for user in users if user and isinstance(user, str)), None)
    sent: dict[str, Any] = {"metadata": {"user_id": user}} if user else {}
    return sent | ({"service_tier": tier} if tier in ("auto", "standard_only") else {})


def _system(request: ChatRequest) -> Iterator[dict[str, Any]]:
    for message in request.messages:
        if message["role"] in ("system", "developer"):
            yield from _texts(message.get("content"))
    if request.language:
        yield {"type": "text", "text": language_wish(request.language)}


def _texts(content: Any) -> Iterator[dict[str, Any]]:
    for block in _content(content):
        if block["type"] != "text":
            raise UnsupportedFeature("anthropic reads only text in system messages", param="messages")
        yield block


def _content(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the blocks of a message's content without blank texts, which the API refuses."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
    yield from (_part(part) for part in parts if part.get("text") is None or part["text"].strip())


def _messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the turns of user and assistant, which alternate: the API wants neighbours of one role joined."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] in ("system", "developer"):
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        content = list(_blocks(message))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": content})
    if not turns or turns[0]["role"] != "user":
        # The API insists on a question first, where OpenAI lets the model begin.
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": "."}]})
    if message["role"] in ("system", "developer") and turns[-1]["role"] == "assistant":
        # Instructions for another answer, not the beginning of one that is to be continued.
        turns.append({"role": "user", "content": [{"type": "text", "text": "."}]})
    return turns


def _blocks(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if message["role"] in ("tool", "function"):
        call = message.get("tool_call_id") or message.get("name")
        yield {"type": "tool_result", "tool_use_id": call, "content": list(_content(message.get("content")))}
        return
    # Thinking must come back as it was given out, before everything else of its turn.
    yield from message.get("content_blocks") or message.get("thinking_blocks") or ()
    yield from _content(message.get("content"))
    for call in message.get("tool_calls") or ():
        yield _tool_use(call)


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    more = {"cache_control": part["cache_control"]} if part.get("cache_control") else {}
    if kind in ("text", "input_text", "output_text"):
        return {"type": "text", "text": part["text"], **{name: part[name] for name in _OF_TEXT if part.get(name)}}
    if kind == "refusal":
        return {"type": "text", "text": part["refusal"]}
    if kind == "image_url":
        return {"type": "image", "source": _source(part["image_url"]["url"]), **more}
    if kind == "file" and part.get("file", {}).get("file_data"):
        return {"type": "document", "source": _source(part["file"]["file_data"]), **more}
    if kind in ("image", "document", "thinking", "redacted_thinking"):
        return dict(part)
    raise UnsupportedFeature(f"anthropic does not read a part of type {kind!r}", param="messages")


def _source(url: str) -> dict[str, str]:
    if match := _DATA_URL.fullmatch(url):
        return {"type": "base64", "media_type": match["type"], "data": match["data"]}
    return {"type": "url", "url": url}


def _tool_use(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    given = function.get("arguments") or ""
    try:
        # Models that call without arguments write nothing, a blank or null; the API takes only objects.
        given = json.loads(given.strip() or "{}") if isinstance(given, str) else given
    except ValueError as error:
        raise InvalidRequest("the arguments of a tool call are not JSON", param="messages") from error
    arguments = {} if given is None else given
    return {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": arguments}


def _tools(params: dict[str, Any]) -> dict[str, Any]:
    tools, choice = params.pop("tools", None), params.pop("tool_choice", None)
    parallel = params.pop("parallel_tool_calls", True)
    if not tools:
        return {}
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        tools, choice = _allowed(tools, choice)
    sent: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
    choices: dict[str, dict[str, Any]] = {
        "auto": {"type": "auto"},
        "required": {"type": "any"},
        "none": {"type": "none"},
    }
    if isinstance(choice, Mapping):
        wanted: dict[str, Any] = {"type": "tool", "name": _name_of(choice)}
    else:
        wanted = dict(choices.get(choice or "auto", choices["auto"]))
    if parallel is False and wanted["type"] != "none":
        wanted["disable_parallel_tool_use"] = True
    return sent | ({"tool_choice": wanted} if choice or parallel is False else {})


def _allowed(tools: Sequence[Mapping[str, Any]], choice: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """Return the tools that OpenAI's choice of some allows, and which of these are to be called."""
    allowed = choice.get("allowed_tools") or {}
    wanted = allowed.get("tools") or ()
    if not wanted or not all(any(_is_meant(tool, each) for tool in tools) for each in wanted):
        raise InvalidRequest("allowed_tools names a tool that is not among the tools, or none", param="tool_choice")
    return [tool for tool in tools if any(_is_meant(tool, each) for each in wanted)], allowed.get("mode")


def _is_meant(tool: Mapping[str, Any], by: Mapping[str, Any]) -> bool:
    """Return True for the tool of the same name, or, without a name, of the same type: `{"type": "web_search_…"}`."""
    name = _name_of(by)
    return _name_of(tool) == name if name else tool.get("type") == by.get("type")


def _name_of(tool: Mapping[str, Any]) -> str | None:
    return tool.get("function", {}).get("name") or tool.get("name")


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if "custom" in tool:
        raise UnsupportedFeature("anthropic has no counterpart of custom tools", param="tools")
    if tool.get("type") != "function":
        # Anthropic's own tools (web search, …) are written as the API wants them.
        return dict(tool)
    function = tool["function"]
    described = {"name": function["name"], "input_schema": function.get("parameters") or {"type": "object"}}
    if function.get("description"):
        described["description"] = function["description"]
    beside = {**tool, **function}
    return described | {name: beside[name] for name in _OF_TOOLS if beside.get(name)}


def _thinking(effort: str, limit: int | None, max_tokens: int) -> dict[str, Any]:
    """Thinking counts towards the limit of the API, which must be larger."""
    tokens = _THINKING.get(effort)
    if not tokens:
        raise UnsupportedFeature(
            f"anthropic does not support reasoning_effort {effort!r}; use one of none, {', '.join(_THINKING)}",
            param="reasoning_effort",
        )
    if limit is None:
        return {"max_tokens": max_tokens + tokens, "thinking": {"type": "enabled", "budget_tokens": tokens}}
    if limit <= _LEAST_THINKING:
        raise InvalidRequest(
            f"reasoning_effort with anthropic needs a limit above {_LEAST_THINKING} tokens", param="reasoning_effort"
        )
    # Half is left for the answer, where that is possible.
    tokens = min(tokens, max(_LEAST_THINKING, limit // 2))
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


def _format(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    kind = (wanted or {}).get("type", "text")
    if kind == "text":
        return {}
    if wanted and kind == "json_schema":
        schema = wanted.get("json_schema", {}).get("schema", {})
        return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    raise UnsupportedFeature(f"anthropic does not support response_format {kind!r}", param="response_format")
