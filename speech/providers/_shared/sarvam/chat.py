"""Differences between Sarvam's chat and OpenAI's, from the `sarvamai` SDK, version 0.1.39."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from speech.exceptions import UnsupportedFeature
from speech.providers._shared import validation
from speech.providers.base import BaseProvider, ChatRequest

_PARAMS = {
    "temperature", "top_p", "reasoning_effort", "max_tokens", "stop", "n", "seed", "frequency_penalty",
    "presence_penalty", "tools", "tool_choice", "response_format",
}  # fmt: skip
_PARAMS_OF_V2 = _PARAMS | {"top_k", "min_p", "repetition_penalty", "parallel_tool_calls"}
# OpenAI's fields for its own accounting. Sarvam refuses them, and no answer depends on them.
_WITHOUT_EFFECT = {
    "metadata", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier", "store", "user",
}  # fmt: skip
_SEES_IMAGES = {"gemma4"}


def path(model: str) -> str:
    """Sarvam's own models are served by v1, the open models of others by v2 alone."""
    return "/v1/chat/completions" if _is_v1(model) else "/v2/chat/completions"


def stream_fields(model: str) -> dict[str, Any]:
    """v1 refuses `stream_options`, and so may not tell the usage of a stream."""
    return {"stream": True} if _is_v1(model) else {"stream": True, "stream_options": {"include_usage": True}}


def prepare(provider: BaseProvider, request: ChatRequest) -> ChatRequest:
    """Return `request` in Sarvam's terms. Raises UnsupportedFeature for what changes the answer and cannot be said."""
    params = {name: value for name, value in request.params.items() if value is not None}
    if "max_completion_tokens" in params:
        params["max_tokens"] = params.pop("max_completion_tokens")
    if not params.get("tools"):
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            params.pop(name, None)
    if _is_v1(request.model) and params.pop("parallel_tool_calls", True) is False:
        raise UnsupportedFeature(
            f"{provider.name} does not support disabling parallel tool calls", param="parallel_tool_calls"
        )
    known = _PARAMS if _is_v1(request.model) else _PARAMS_OF_V2
    validation.refuse(provider, **{name: params[name] for name in params.keys() - known - _WITHOUT_EFFECT})
    return replace(
        request,
        messages=[_message(request.model, message) for message in request.messages],
        params={name: value for name, value in params.items() if name in known},
    )


def _is_v1(model: str) -> bool:
    return model.startswith("sarvam-")


def _message(model: str, message: Mapping[str, Any]) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    changed = {**message, "role": "system" if role == "developer" else role}
    if isinstance(content, list):
        parts = [{"type": "text", "text": part} if isinstance(part, str) else part for part in content]
        if all(part.get("type") == "text" for part in parts):
            changed["content"] = "\n".join(part.get("text") or "" for part in parts)
        elif model not in _SEES_IMAGES:
            raise UnsupportedFeature(f"{model} supports text only", param="messages")
    return changed
