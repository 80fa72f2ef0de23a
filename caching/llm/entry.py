"""What an answer looks like in Redis, and which answers may be there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from caching import keys
from caching.redis import store

VERSION = 2


class Answer(Protocol):
    """What can be remembered: OpenAI's `choices` and `usage`, and the model that really answered."""

    @property
    def choices(self) -> list[dict[str, Any]]: ...
    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it was remembered."""

    choices: list[dict[str, Any]]
    model: str
    usage: dict[str, Any] | None
    created: float
    ttl: int
    level: str
    kept: int = 0
    """Seconds that Redis keeps it past `ttl`, for when the provider fails."""

    @property
    def age(self) -> int:
        return max(0, int(time.time() - self.created))


def is_cacheable(answer: Answer) -> bool:
    """Whether every choice is whole: it ended by itself and holds text or tool calls."""
    return bool(answer.choices) and all(_is_whole(choice) for choice in answer.choices)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of an OpenAI message, whose `content` may be a string, parts, or nothing."""
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if isinstance(part, Mapping) and part.get("text"))
    return content or ""


def spoken_by(answer: Answer) -> str:
    """The texts of all choices."""
    return "\n".join(text_of(choice["message"]) for choice in answer.choices)


def to_value(key: str, answer: Answer, *, level: str, ttl: int, about: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that is stored under `key`; `about` is added to it for the people who look at it."""
    value = {
        "v": VERSION,
        "key": keys.self_check(key),
        **about,
        "answer": text_of(answer.choices[0]["message"]),
        "model": answer.model,
        "usage": answer.usage,
        "created": round(time.time(), 3),
        "ttl": ttl,
        "level": level,
    }
    if settings.STALE_IF_ERROR_SECONDS:
        value["kept"] = settings.STALE_IF_ERROR_SECONDS
    return value if _is_plain(answer.choices) else {**value, "choices": answer.choices}


def from_value(key: str, value: Mapping[str, Any]) -> Entry | None:
    """What to_value made. Anything else is removed from Redis and counts as absent."""
    try:
        if value["v"] != VERSION or value["key"] != keys.self_check(key):
            raise ValueError("of another version or another key")
        message = {"role": "assistant", "content": value["answer"]}
        plain = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return Entry(
            choices=value.get("choices") or plain,
            model=value["model"],
            usage=value["usage"],
            created=float(value["created"]),
            ttl=int(value["ttl"]),
            level=value["level"],
            kept=int(value.get("kept", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        store.discard(key, f"not an answer of this version: {error}")
        return None


def _is_whole(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message") or {}
    if choice.get("finish_reason") == "tool_calls":
        return bool(message.get("tool_calls"))
    return choice.get("finish_reason") == "stop" and bool(text_of(message).strip())


def _is_plain(choices: list[dict[str, Any]]) -> bool:
    """Whether `answer` alone says everything that the choices say."""
    message = {name for name, value in choices[0]["message"].items() if value}
    return (
        len(choices) == 1
        and message <= {"role", "content"}
        and isinstance(choices[0]["message"]["content"], str)
        and choices[0]["finish_reason"] == "stop"
        and not choices[0].get("logprobs")
    )
