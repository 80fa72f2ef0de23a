"""Stored form of an answer, and the answers that may be stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings

from caching import entry
from caching.entry import CacheEntry
from caching.llm.request import ChatQuery, text_of
from caching.llm.tool_calls import has_valid_arguments
from caching.policy import Policy
from caching.pricing.usage import Usage

VERSION = 2
# Fields of a message that are an answer without text.
_ANSWERS = ("tool_calls", "function_call", "audio", "images", "refusal")
_OF_PLAIN_CHOICE = ("index", "message", "finish_reason")
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens")
_DECODER = json.JSONDecoder()
# The model ended by itself: OpenAI's word, and those of Together, text-generation-inference, Bedrock and LM Studio.
ENDED = frozenset({"stop", "eos", "eos_token", "stop_sequence", "end_turn", "end"})


def later_usage(old: Any, new: Any) -> Any:
    """Return the usage that a stream has told last. Zeros, which some servers send at its end, take none back."""
    return old if old and isinstance(new, Mapping) and not any(map(new.get, _TOKENS)) else new


def is_end(reason: Any) -> bool:
    """Return True if the model ended by itself. Gateways to Gemini pass its reason on in capitals."""
    return reason in ENDED or (isinstance(reason, str) and reason.lower() in ENDED)


class Answer(Protocol):
    """OpenAI's `choices` and `usage`, and the model that answered, which may differ from the one requested.

    `extra` holds all other fields of the answer: `system_fingerprint`, `citations`, …
    """

    @property
    def choices(self) -> list[dict[str, Any]]: ...
    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> dict[str, Any] | None: ...
    @property
    def extra(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer in one piece: read from Redis, or put together from a stream."""

    choices: list[dict[str, Any]]
    model: str
    usage: dict[str, Any] | None
    extra: dict[str, Any] = field(default_factory=dict)


def is_cacheable(answer: Answer) -> bool:
    """Return True if every choice ended by itself and holds what its `finish_reason` promises.

    An answer from Anthropic's `container` can be continued there alone, and the container expires.
    """
    if answer.extra.get("container"):
        return False
    return bool(answer.choices) and all(_is_whole(choice) for choice in answer.choices)


def has_whole_json(answer: Answer, params: Mapping[str, Any]) -> bool:
    """Return False if JSON was asked for, and a text begins as such and breaks off: the next try may be better."""
    form = params.get("response_format")
    if not isinstance(form, Mapping) or form.get("type") not in ("json_object", "json_schema"):
        return True
    return not any(_breaks_off(text_of(choice["message"])) for choice in answer.choices)


def _breaks_off(text: str) -> bool:
    # After thoughts and in a fence, for models without a place of their own for either.
    text = text.rpartition("</think>")[2].strip().removeprefix("```json").removeprefix("```").lstrip()
    if not text.startswith(("{", "[")):
        return False
    try:
        _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return True
    return False


def spoken_by(answer: Answer) -> str:
    return "\n".join(text_of(choice["message"]) for choice in answer.choices)


def to_value(query: ChatQuery, answer: Answer, policy: Policy) -> dict[str, Any]:
    """Return the JSON object to store; `question`, `provider` and `by` are there for staff."""
    value = {
        **entry.envelope(query, "llm", policy, version=VERSION, context=query.context if query.asks_in_text else ""),
        "question": query.text,
        "provider": query.provider,
        "answer": text_of(answer.choices[0]["message"]),
        "model": answer.model,
        "usage": answer.usage,
        **({"extra": answer.extra} if answer.extra else {}),
    }
    if not is_plain(answer.choices):
        return {**value, "choices": answer.choices}
    empty = {name: each for name, each in answer.choices[0]["message"].items() if name not in ("role", "content")}
    return {**value, "empty": empty} if empty else value


def from_value(key: str, value: Mapping[str, Any], policy: Policy) -> CacheEntry[WholeAnswer] | None:
    """Return the answer that `to_value` made `value` of, if `policy` accepts its age."""

    def parse() -> tuple[WholeAnswer, Usage | None]:
        choices = value.get("choices")
        if not choices:
            message = {"role": "assistant", "content": value["answer"], **value.get("empty", {})}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        answer = WholeAnswer(choices, value["model"], value["usage"], value.get("extra") or {})
        return answer, Usage.from_tokens(answer.usage)

    return entry.read(key, value, "llm", policy, parse, version=VERSION)


def is_plain(choices: list[dict[str, Any]]) -> bool:
    """Return True if the choices hold nothing but one text, which is then stored as `answer` alone."""
    choice = choices[0]
    message = {name for name, value in choice["message"].items() if value}
    return (
        len(choices) == 1
        and message <= {"role", "content"}
        and choice["message"].get("role", "assistant") == "assistant"
        and isinstance(choice["message"].get("content"), str)
        and choice["finish_reason"] == "stop"
        and not any(value for name, value in choice.items() if name not in _OF_PLAIN_CHOICE)
    )


def _is_whole(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message") or {}
    if message.get("refusal") and not settings.CACHE_REFUSALS:
        return False
    if not has_valid_arguments(message):
        return False
    reason = choice.get("finish_reason")
    if reason in ("tool_calls", "function_call"):
        return bool(message.get(reason))
    # OpenAI ends the call of a forced tool with `stop`, Gemini any.
    return is_end(reason) and (bool(text_of(message).strip()) or any(map(message.get, _ANSWERS)))
