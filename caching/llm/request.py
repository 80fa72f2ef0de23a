"""A question to a language model, as the cache sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from caching import keys
from caching.llm.entry import text_of


@dataclass(frozen=True)
class ChatQuery:
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
    storable: Callable[[str], bool] = field(default=lambda answer: True, compare=False)
    """Whether an answer with this text may be kept in `scope`."""

    @property
    def identity(self) -> dict[str, Any]:
        """All that the answer depends on."""
        return {
            "scope": self.scope,
            "provider": self.provider,
            "model": self.model,
            "messages": self.messages,
            "params": self.params,
            "language": self.language,
        }

    @cached_property
    def key(self) -> str:
        return keys.exact_key(self.identity)

    @cached_property
    def text(self) -> str:
        """The text of the last message."""
        return text_of(self.messages[-1]) if self.messages else ""
