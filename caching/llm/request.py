"""Identity of a request to a language model: everything that its answer depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings

from caching import keys
from caching.semantic.cache import SemanticQuery
from caching.semantic.text.reader import read

# With any other parameter (tools, response_format, seed, n, logprobs …) an answer is for its own query only.
HARMLESS_PARAMS = frozenset({
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens",
    "presence_penalty", "frequency_penalty", "repetition_penalty", "reasoning_effort", "verbosity",
})  # fmt: skip
MAX_CHARACTERS = 1000  # of a text that is read at all: forty words are shorter


@dataclass(frozen=True)
class ChatQuery:
    """Two queries share an entry only if all fields but `asked_by` are equal."""

    scope: str
    """Owner of the entry: one client, or a scope that several clients share."""
    provider: str
    model: str
    messages: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]
    language: str = ""
    service: str = ""
    """Address of a provider that is not at its usual one."""
    asked_by: str = ""
    """Name of the client, shown to staff; not part of the key."""
    end_user: str = ""
    """Digest of the client's user, if entries of end users are kept apart."""
    word_for_word: bool = field(default=False, compare=False)
    """Find answers to exactly this text only: what clients share was admitted word for word."""
    storable: Callable[[str], bool] = field(default=lambda answer: True, compare=False)
    """Return True if an answer with this text may be stored in `scope`."""

    @property
    def identity(self) -> dict[str, Any]:
        """All that an answer depends on but `scope`."""
        return {
            "provider": self.provider,
            "model": self.model,
            "messages": self.messages,
            "params": self.params,
            "language": self.language,
            **({"service": self.service} if self.service else {}),
            **({"user": self.end_user} if self.end_user else {}),
            **({"order": order} if (order := order_of_fields(self.params)) else {}),
        }

    @cached_property
    def content(self) -> str:
        return keys.content_of(self.identity)

    @cached_property
    def key(self) -> str:
        return keys.exact_key(self.scope, self.content)

    @cached_property
    def semantic(self) -> SemanticQuery | None:
        """The query as the semantic cache sees it. None: only an answer to exactly this query will do."""
        last = self.messages[-1] if self.messages else {}
        text = last.get("content")
        if settings.SEMANTIC_MODE == "off" or self.word_for_word or not self.asks_in_text or not isinstance(text, str):
            return None
        # PostgreSQL, which keeps reviewed questions, has no NUL.
        if len(text) > MAX_CHARACTERS or "\0" in text or read(text) is None:
            return None
        return SemanticQuery(keys.owned(self.scope, self.context)[:16], text)

    @property
    def asks_in_text(self) -> bool:
        """Return True if the last message is a text of the user, and no parameter changes the form of its answer."""
        last = self.messages[-1] if self.messages else {}
        return (
            last.get("role") == "user"
            and isinstance(last.get("content"), str)
            and last.keys() <= {"role", "content"}
            and set(self.params) <= HARMLESS_PARAMS
        )

    @cached_property
    def context(self) -> str:
        """Digest of all that an answer depends on but `scope` and the last message."""
        return keys.content_of({**self.identity, "messages": self.messages[:-1]})

    @cached_property
    def text(self) -> str:
        """Text of the last message."""
        return text_of(self.messages[-1]) if self.messages else ""

    @cached_property
    def asked(self) -> str:
        """The text of the last message of the user, after which a tool may have answered."""
        if self.messages and self.messages[-1].get("role") == "user":
            return self.text
        return next((text_of(each) for each in reversed(self.messages) if each.get("role") == "user"), "")


def order_of_fields(params: Mapping[str, Any]) -> list[list[str]]:
    """Return the names in each `properties` of JSON schemas as they come, or nothing if all are in alphabetical order.

    Models write an object in the order of its schema (reasoning before or after its result), and keys sort all names.
    """
    orders = list(_orders(dict(params)))
    return orders if any(names != sorted(names) for names in orders) else []


def _orders(value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        for name in sorted(value):
            if name == "properties" and isinstance(value[name], dict):
                yield list(value[name])
            yield from _orders(value[name])
    elif isinstance(value, list):
        for item in value:
            yield from _orders(item)


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of an OpenAI message, whose `content` may be a string, a list of parts, or null."""
    content = message.get("content")
    if isinstance(content, list):
        texts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
        return " ".join(text for text in texts if text and isinstance(text, str))
    return content if isinstance(content, str) else ""
