from __future__ import annotations

from typing import Any, cast

import pytest
import redis

from caching.semantic import cache, replication
from caching.semantic.replication import IndexEvent


def test_the_questions_of_one_client_go_from_all_batches(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "BATCH", 2)
    replication.publish_all(
        IndexEvent(f"llm:exact:{number}", "scope", "text", 1.0, by="ab"[number % 2]) for number in range(7)
    )
    assert replication.erase_events(by="a", dry_run=True) == 4
    assert replication.erase_events(by="a") == 4
    assert [event.by for batch in replication.read_all() for event in batch] == ["b"] * 3


def test_events_come_as_they_were_told_and_what_others_wrote_is_passed_over(redis_client: redis.Redis) -> None:
    told = [
        IndexEvent("llm:exact:1", "scope", "नमस्ते\n“you”", 1.5, by="a"),
        IndexEvent("llm:exact:2", "scope", "text", 2.0, embedder="e:1:2", vector=b"\xff\x00"),
        IndexEvent("llm:exact:3"),
    ]
    replication.publish_all(told[:1])
    strange: list[dict[str, bytes]] = [{"x": b"1"}, {"e": b"\x80"}, {"e": b'{"unknown": 1}', "v": b"v"}, {"e": b"[]"}]
    for fields in strange:
        redis_client.xadd("llm:query_index", cast("Any", fields))
    replication.publish_all(told[1:])
    assert [event for batch in replication.read_all() for event in batch] == told


def test_a_command_tells_the_workers_what_to_forget_without_an_embedder(
    redis_client: redis.Redis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEMANTIC_MODE = "on"
    cache.forget_tier()
    monkeypatch.setattr(cache, "get_embedder", pytest.fail)
    cache.forget_answers(["llm:exact:1"])
    assert [event for batch in replication.read_all() for event in batch] == [IndexEvent("llm:exact:1")]
