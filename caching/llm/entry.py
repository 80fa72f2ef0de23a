"""Stored form of an answer, and the answers that may be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from caching import entry
from caching.entry import CacheEntry
from caching.llm.request import ChatQuery, text_of
from caching.policy import Policy
from caching.pricing.usage import Usage

VERSION = 2


class Answer(Protocol):
    """OpenAI's `choices` and `usage`, and the model that answered, which may differ from the one requested."""

    @property
    def choices(self) -> list[dict[str, Any]]: ...
    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer in one piece: read from Redis, or put together from a stream."""

    choices: list[dict[str, Any]]
    model: str
    usage: dict[str, Any] | None


def is_cacheable(answer: Answer) -> bool:
    """Return True if every choice ended by itself (`stop`, `tool_calls`) and holds text or tool calls."""
    return bool(answer.choices) and all(_is_whole(choice) for choice in answer.choices)


def spoken_by(answer: Answer) -> str:
    return "\n".join(text_of(choice["message"]) for choice in answer.choices)


def to_value(query: ChatQuery, answer: Answer, policy: Policy) -> dict[str, Any]:
    """Return the JSON object to store; `question`, `provider` and `by` are there for staff."""
    value = {
        **entry.envelope(query.key, "llm", policy, version=VERSION, by=query.asked_by),
        "question": query.text,
        "provider": query.provider,
        "answer": text_of(answer.choices[0]["message"]),
        "model": answer.model,
        "usage": answer.usage,
    }
    return value if _is_plain(answer.choices) else {**value, "choices": answer.choices}


def from_value(key: str, value: Mapping[str, Any], policy: Policy) -> CacheEntry[WholeAnswer] | None:
    """Return the answer that `to_value` made `value` of, if `policy` accepts its age."""

    def parse() -> tuple[WholeAnswer, Usage | None]:
        message = {"role": "assistant", "content": value["answer"]}
        plain = [{"index": 0, "message": message, "finish_reason": "stop"}]
        answer = WholeAnswer(value.get("choices") or plain, value["model"], value["usage"])
        return answer, Usage.from_tokens(answer.usage)

    return entry.read(key, value, "llm", policy, parse, version=VERSION)


def _is_whole(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message") or {}
    if choice.get("finish_reason") == "tool_calls":
        return bool(message.get("tool_calls"))
    return choice.get("finish_reason") == "stop" and bool(text_of(message).strip())


def _is_plain(choices: list[dict[str, Any]]) -> bool:
    """Return True if the choices hold nothing but one text, which is then stored as `answer` alone."""
    message = {name for name, value in choices[0]["message"].items() if value}
    return (
        len(choices) == 1
        and message <= {"role", "content"}
        and isinstance(choices[0]["message"]["content"], str)
        and choices[0]["finish_reason"] == "stop"
        and not choices[0].get("logprobs")
    )
