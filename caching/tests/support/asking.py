"""A question, a provider that answers it, and how both meet at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import REGISTRY

from caching.coordination import single_flight
from caching.llm import cache as llm
from caching.llm.stream import replay
from caching.policy import Policy
from caching.redis.serializers import JSONSerializer
from caching.result import CacheResult


@dataclass
class Fresh:
    choices: list[dict[str, Any]]
    model: str = "model-1"
    usage: dict[str, Any] | None = field(default_factory=lambda: {"total_tokens": 7})
    extra: dict[str, Any] = field(default_factory=dict)


def spoken(content: Any, finish_reason: str = "stop", **message: Any) -> Fresh:
    return Fresh(
        [{"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish_reason}]
    )


QUESTION = llm.ChatQuery(
    scope="client:1",
    provider="demo",
    model="m",
    messages=[{"role": "user", "content": "What is the weather?"}],
    params={},
    asked_by="tester",
)
TOOL_CALLS = [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]


FAILURES = single_flight.Failures(dump=lambda error: None, load=RuntimeError)


def change_entry(client: Any, key: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write what `change` makes of an entry, well formed, in its place."""
    serializer = JSONSerializer({})
    client.set(key, serializer.dumps(change(serializer.loads(client.get(key)))), keepttl=True)


def not_stored(reason: str) -> float:
    return REGISTRY.get_sample_value("cache_not_stored_total", {"cache_type": "llm", "reason": reason}) or 0


class Provider:
    """Answers with `answer`, whole or word by word, and counts how often it was asked."""

    def __init__(self, answer: Fresh, *, breaks_off: bool = False) -> None:
        self.answer = answer
        self.breaks_off = breaks_off
        self.calls = 0

    def whole(self) -> Fresh:
        self.calls += 1
        return self.answer

    def stream(self) -> Iterator[dict[str, Any]]:
        self.calls += 1
        chunks = list(replay(self.answer.choices, model=self.answer.model, usage=self.answer.usage, id="x"))
        yield from chunks[:2] if self.breaks_off else chunks
        if self.breaks_off:
            raise RuntimeError("reset")


def ask(question: llm.ChatQuery, policy: Policy, provider: Provider) -> CacheResult[Any]:
    source = llm.Source(provider.whole, provider.stream, FAILURES, patience=5)
    return llm.find(question, policy) or llm.ask(question, policy, source)


def ask_for_stream(
    question: llm.ChatQuery, policy: Policy, provider: Provider
) -> CacheResult[Iterator[dict[str, Any]]]:
    source = llm.Source(provider.whole, provider.stream, FAILURES, patience=5)
    found = llm.find(question, policy)
    return llm.as_stream(found) if found else llm.ask_for_stream(question, policy, source)
