"""A chat request in OpenAI's terms as the body of Anthropic's Messages API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from speech import strict_json
from speech.exceptions import InvalidRequest, UnsupportedFeature
from speech.providers._shared.anthropic import thinking
from speech.providers._shared.anthropic.content import blocks_of, marked, texts_of
from speech.providers._shared.openai_chat import language_wish
from speech.providers.base import ChatRequest

_NOT_OF_IDS = re.compile(r"[^a-zA-Z0-9_-]")
# Same name and meaning in both APIs.
_PASSED_ON = (
    "temperature", "top_p", "top_k", "thinking", "container", "context_management", "mcp_servers", "cache_control",
    "inference_geo", "speed",
)  # fmt: skip
# Fields of a tool with the same name and meaning in both APIs.
_OF_TOOLS = ("strict", "allowed_callers", "defer_loading", "eager_input_streaming", "input_examples", "cache_control")
# Words for a choice of tools, Mistral's "any" among them.
_CHOICES = {"auto": "auto", "none": "none", "required": "any", "any": "any"}
# Of the API itself; OpenAI's names of choices are texts.
_OWN_CHOICES = ("auto", "any", "none", "tool")
# No counterpart, and no effect on what an answer may say. A seed only selects one of several answers.
_DROPPED = ("store", "seed", "prompt_cache_key", "prompt_cache_retention", "stream", "stream_options")
# No counterpart, and without effect only with these values, which clients send for what nobody has chosen.
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("logprobs", "top_logprobs", "logit_bias", "frequency_penalty", "presence_penalty"), (0, {})),
    **dict.fromkeys(("min_p", "top_a", "functions", "include_reasoning"), (0, [])),
    "repetition_penalty": (1,),
    "modalities": (["text"],),
    "verbosity": ("medium",),
}
# Characters of the label of an end user. The API also refuses e-mail addresses.
_LONGEST_USER = 256


def body(request: ChatRequest, max_tokens: int, *, budgeted: bool = False) -> dict[str, Any]:
    """Return the JSON body; `max_tokens` is the limit of an answer where the request names none.

    `budgeted`: the model wants a budget for its thinking. Raises InvalidRequest, with `param`, for what the API cannot
    do.
    """
    params = dict(request.params)
    limits = params.pop("max_completion_tokens", None), params.pop("max_tokens", None)
    limit = limits[0] or limits[1]
    sent: dict[str, Any] = {"model": request.model, "max_tokens": limit or max_tokens}
    with _reading("messages"):
        if system := list(_system(request)):
            sent["system"] = system
        sent["messages"] = _messages(request.messages)
    sent |= _tools(params)
    if (effort := thinking.effort_of(params)) is not None:
        forced = sent.get("tool_choice", {}).get("type") in ("any", "tool")
        sent |= thinking.fields(effort, limit, max_tokens, budgeted=budgeted, forced=forced)
    params.pop("reasoning_effort", None)
    with _reading("response_format"):
        if form := _format(params.pop("response_format", None)):
            sent["output_config"] = {**sent.get("output_config", {}), "format": form}
    with _reading("output_config"):
        if own := params.pop("output_config", None):
            sent["output_config"] = {**sent.get("output_config", {}), **own}
    if stop := params.pop("stop", None):
        sent["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    sent |= _accounting(params)
    for name in _PASSED_ON:
        if name in params:
            sent[name] = params.pop(name)
    if (choices := params.pop("n", None)) not in (None, 1):
        raise UnsupportedFeature(f"anthropic gives one choice, not {choices}", param="n")
    for name, value in params.items():
        if name not in _DROPPED and value is not None and value not in _WITHOUT_EFFECT.get(name, ()):
            raise UnsupportedFeature(f"anthropic has no counterpart of {name}", param=name)
    return sent


@contextmanager
def _reading(field: str) -> Iterator[None]:
    """Refuse a field by its name if a part of it is not of the type that is read here: nothing else checks it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        raise InvalidRequest(f"a part of {field} is missing or has a wrong type", param=field) from error


def _accounting(params: dict[str, Any]) -> dict[str, Any]:
    """Return `metadata`, in which the API takes the end user and nothing else, and its own tiers of service."""
    metadata, tier = params.pop("metadata", None), params.pop("service_tier", None)
    named = [params.pop(name, None) for name in ("user", "safety_identifier")]
    own = metadata.get("user_id") if isinstance(metadata, Mapping) else None
    users = [own, *(user for user in named if _is_label(user))]
    user = next((user for user in users if user and isinstance(user, str)), None)
    sent: dict[str, Any] = {"metadata": {"user_id": user}} if user else {}
    return sent | ({"service_tier": tier} if tier in ("auto", "standard_only") else {})


def _is_label(user: Any) -> bool:
    return isinstance(user, str) and len(user) <= _LONGEST_USER and "@" not in user


def _system(request: ChatRequest) -> Iterator[dict[str, Any]]:
    for message in request.messages:
        if message["role"] in ("system", "developer"):
            yield from marked(texts_of(message.get("content")), message)
    if request.language:
        yield {"type": "text", "text": language_wish(request.language)}


def _messages(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the turns of user and assistant, which alternate: the API wants neighbours of one role joined."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] in ("system", "developer"):
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        content = marked(_blocks(message), message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": content})
    for turn in turns:
        if turn["role"] == "user":
            # The API wants the results of calls before what the user has said meanwhile.
            turn["content"].sort(key=lambda block: block.get("type") != "tool_result")
    if not turns or turns[0]["role"] != "user":
        # The API insists on a question first, where OpenAI lets the model begin.
        turns.insert(0, {"role": "user", "content": [{"type": "text", "text": "."}]})
    if message["role"] in ("system", "developer") and turns[-1]["role"] == "assistant":
        # Instructions for another answer, not the beginning of one that is to be continued.
        turns.append({"role": "user", "content": [{"type": "text", "text": "."}]})
    last = turns[-1]["content"][-1]
    if turns[-1]["role"] == "assistant" and last.get("type") == "text":
        # The API refuses the beginning of an answer that ends with white space.
        turns[-1]["content"][-1] = {**last, "text": last["text"].rstrip()}
    return turns


def _blocks(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if message["role"] in ("tool", "function"):
        call = message.get("tool_call_id") or message.get("name")
        failed = {"is_error": True} if message.get("is_error") else {}
        yield {
            "type": "tool_result",
            "tool_use_id": _id(call),
            "content": list(blocks_of(message.get("content"))),
            **failed,
        }
        return
    # Thinking must come back as it was given out, before everything else of its turn.
    yield from message.get("content_blocks") or message.get("thinking_blocks") or ()
    yield from blocks_of(message.get("content"))
    for call in message.get("tool_calls") or ():
        yield _tool_use(call)
    if function := message.get("function_call"):
        # The result of such a call names its function, and has no id.
        yield _tool_use({"id": function.get("name"), "function": function})


def _tool_use(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    return {
        "type": "tool_use",
        "id": _id(call.get("id")),
        "name": function.get("name"),
        "input": _input(function.get("arguments") or ""),
        **({"caller": call["caller"]} if call.get("caller") else {}),
    }


def _input(arguments: Any) -> Any:
    """Return the arguments of a call as the object that the API wants.

    Models that call without arguments write nothing, a blank or null. What is no JSON was a model's mistake, and stays
    in the conversation; this is the form in which the API's documentation gives it back.
    """
    if not isinstance(arguments, str):
        return arguments
    try:
        given = strict_json.parse(arguments.strip() or "{}")
    except ValueError:
        return {"INVALID_JSON": arguments}
    return {} if given is None else given


def _id(id: Any) -> Any:
    """Return the id of a call in the letters that the API takes: other models' have points and colons."""
    return _NOT_OF_IDS.sub("_", id) if isinstance(id, str) else id


def _tools(params: dict[str, Any]) -> dict[str, Any]:
    tools, choice = params.pop("tools", None), params.pop("tool_choice", None)
    parallel = params.pop("parallel_tool_calls", True)
    if not tools:
        return {}
    with _reading("tool_choice"):
        if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
            tools, choice = _allowed(tools, choice)
        wanted = _wanted(choice)
    with _reading("tools"):
        sent: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
    if parallel is False and wanted["type"] != "none":
        wanted["disable_parallel_tool_use"] = True
    return sent | ({"tool_choice": wanted} if choice or parallel is False else {})


def _wanted(choice: Any) -> dict[str, Any]:
    if isinstance(choice, Mapping):
        own = choice.get("type") in _OWN_CHOICES
        return dict(choice) if own else {"type": "tool", "name": _name_of(choice)}
    if choice and choice not in _CHOICES:
        raise InvalidRequest(f"tool_choice must be one of {', '.join(_CHOICES)}, or a tool", param="tool_choice")
    return {"type": _CHOICES[choice or "auto"]}


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
    described = {"name": function["name"], "input_schema": {"type": "object", **(function.get("parameters") or {})}}
    if function.get("description"):
        described["description"] = function["description"]
    beside = {**tool, **function}
    return described | {name: beside[name] for name in _OF_TOOLS if beside.get(name)}


def _format(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    kind = (wanted or {}).get("type", "text")
    if kind == "text":
        return {}
    if wanted and kind == "json_schema":
        schema = wanted.get("json_schema", {}).get("schema", {})
        return {"type": "json_schema", "schema": schema}
    raise UnsupportedFeature(f"anthropic does not support response_format {kind!r}", param="response_format")
