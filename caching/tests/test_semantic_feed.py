from __future__ import annotations

import pytest
import redis

from caching.semantic import feed
from caching.semantic.feed import Event


def test_the_questions_of_one_client_go_from_all_batches(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BATCH", 2)
    feed.publish_all(Event(f"llm:exact:{number}", "scope", "text", 1.0, by="ab"[number % 2]) for number in range(7))
    assert feed.erase_events(by="a", dry_run=True) == 4
    assert feed.erase_events(by="a") == 4
    assert [event.by for batch in feed.read_all() for event in batch] == ["b"] * 3
