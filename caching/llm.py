"""The door to cached answers of language models."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from caching import keys, levels, metrics, store
from caching.levels import Policy
from caching.logs import excerpt
from caching.outcome import NothingCached, Outcome, Status

logger = logging.getLogger(__name__)

VERSION = 1
KEY_CHECK = slice(-16, None)
"""An entry repeats the end of its own key, so that a value that was moved to another key is noticed."""


class Answer(Protocol):
    """What can be remembered: OpenAI's `choices` and `usage`, and the model that really answered."""

    @property
    def choices(self) -> list[dict[str, Any]]: ...
    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> dict[str, Any] | None: ...


@dataclass(frozen=True)
class Question:
    """Everything that an answer depends on. Two questions share an entry only if all of it is equal."""

    scope: str
    """Whose entry it is: one client's, or the scope that it shares with others."""
    provider: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]
    language: str = ""
    asked_by: str = ""
    """Who asked, for the staff; not part of the key."""

    @cached_property
    def key(self) -> str:
        return keys.exact_key(
            {
                "scope": self.scope,
                "provider": self.provider,
                "model": self.model,
                "messages": self.messages,
                "params": self.params,
                "language": self.language,
            }
        )

    @cached_property
    def text(self) -> str:
        """The text of the last message."""
        return text_of(self.messages[-1]) if self.messages else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it was remembered."""

    choices: list[dict[str, Any]]
    model: str
    usage: dict[str, Any] | None
    created: float
    ttl: int
    level: str

    @property
    def age(self) -> int:
        return max(0, int(time.time() - self.created))


def answer(question: Question, policy: Policy, generate: Callable[[], Answer]) -> Outcome[Answer]:
    """The remembered answer, or what `generate` returns, which is then remembered as far as `policy` allows.

    What `generate` raises passes through and leaves nothing behind. Raises NothingCached.
    """
    looked_up = policy.read and store.available()
    if looked_up and (entry := lookup(question, policy)):
        return Outcome(entry, "hit", question.key, entry.age, max(0, entry.ttl - entry.age), True, "exact")
    # Asked again: the look-up itself may have found that Redis is gone.
    status: Status = "miss" if looked_up and store.available() else "bypass"
    _count(question, policy, status)
    if policy.only_if_cached:
        raise NothingCached
    fresh = generate()
    stored = remember(question, fresh, policy)
    ttl = levels.ttl("llm", policy.level) if stored else 0
    return Outcome(fresh, status, question.key, ttl=ttl, stored=stored)


def lookup(question: Question, policy: Policy) -> Entry | None:
    """The entry for exactly this question if the caller accepts its age. Counts and logs a hit."""
    value = store.get(question.key)
    entry = _read(question.key, value) if value is not None else None
    if entry is None or (policy.max_age is not None and entry.age > policy.max_age):
        return None
    metrics.HITS.labels("llm", policy.level).inc()
    logger.info("LLM cache hit for query: %s", excerpt(question.text))
    return entry


def remember(question: Question, fresh: Answer, policy: Policy) -> bool:
    """Store an answer unless it must not be; whether it was stored."""
    if not policy.write or not is_cacheable(fresh):
        return False
    ttl = levels.ttl("llm", policy.level)
    stored = store.put(question.key, _entry(question, fresh, policy.level, ttl), ttl)
    if stored:
        metrics.STORES.labels("llm", policy.level).inc()
    return stored


def is_cacheable(fresh: Answer) -> bool:
    """Whether every choice is whole: it ended by itself and holds text or tool calls."""
    return bool(fresh.choices) and all(_is_whole(choice) for choice in fresh.choices)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of an OpenAI message, whose `content` may be a string, parts, or nothing."""
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part["text"] for part in content if isinstance(part, Mapping) and "text" in part)
    return content or ""


def _is_whole(choice: Mapping[str, Any]) -> bool:
    message = choice.get("message") or {}
    if choice.get("finish_reason") == "tool_calls":
        return bool(message.get("tool_calls"))
    return choice.get("finish_reason") == "stop" and bool(text_of(message).strip())


def _count(question: Question, policy: Policy, status: Status) -> None:
    counter = metrics.MISSES if status == "miss" else metrics.BYPASSES
    counter.labels("llm", policy.level).inc()
    logger.info("LLM cache %s for query: %s", status, excerpt(question.text))


def _entry(question: Question, fresh: Answer, level: str, ttl: int) -> dict[str, Any]:
    entry = {
        "v": VERSION,
        "key": question.key[KEY_CHECK],
        "question": question.text,
        "answer": text_of(fresh.choices[0]["message"]),
        "provider": question.provider,
        "model": fresh.model,
        "usage": fresh.usage,
        "created": round(time.time(), 3),
        "ttl": ttl,
        "level": level,
        "by": question.asked_by,
    }
    return entry if _is_plain(fresh.choices) else {**entry, "choices": fresh.choices}


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


def _read(key: str, value: dict[str, Any]) -> Entry | None:
    try:
        if value["v"] != VERSION or value["key"] != key[KEY_CHECK]:
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
        )
    except (KeyError, TypeError, ValueError) as error:
        store.discard(key, f"not an answer of this version: {error}")
        return None
