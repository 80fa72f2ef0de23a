"""One question in two wordings, and how it is asked of the cache."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caching.llm.request import ChatQuery
from caching.policy import Policy
from caching.redis import store
from caching.result import CacheResult
from caching.semantic import replication
from caching.semantic.cache import SemanticQuery, Tier, tier
from caching.tests.support.asking import Provider, ask, spoken
from speechsite.tests.support.waiting import wait_until

ASKED = "What is my account balance?"
PARAPHRASE = "could you tell me my account balance please"


def question(text: str, **change: Any) -> ChatQuery:
    messages = [{"role": "user", "content": text}]
    return replace(ChatQuery("client:1", "demo", "m", messages, {}, asked_by="tester"), **change)


def asked(text: str, level: Any = "speed", **change: Any) -> CacheResult[Any]:
    return ask(question(text, **change), Policy(level), Provider(spoken(f"Answer to {text}")))


def wait_for_the_index() -> None:
    """Until this process has read all that the stream says: our promise is a second."""
    newest = replication._as_numbers(replication._newest() or b"0")
    reader = tier()._reader
    assert reader is not None
    wait_until(lambda: replication._as_numbers(reader._last) >= newest)


def remember(one: Tier, asked: SemanticQuery, answer_key: str, ttl: int = 60) -> None:
    """Let `one` find the answer under `answer_key`, as if it had been stored."""
    event, commands = one.commands(asked, answer_key, ttl, {})
    assert store.write(commands)
    one.index(event)
