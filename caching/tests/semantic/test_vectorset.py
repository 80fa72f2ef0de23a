"""What a vector set does beyond the contract of an index: one for all workers, and nothing stays in Redis for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import redis

from caching.redis.version import has_vector_sets
from caching.semantic.cache import SemanticQuery, Tier
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import BaseIndex, Entry, Vector
from caching.tests.support.paraphrases import ASKED, PARAPHRASE, asked, remember
from speechsite.tests.support.redis_server import RedisServer

DIMENSIONS = 8


@pytest.fixture
def redis8_client(redis8: RedisServer, use_redis: Callable[[str], None], settings: Any) -> redis.Redis:
    client = redis8.client()
    client.flushall()
    use_redis(redis8.url)
    settings.SEMANTIC_INDEX = "vectorset"
    return client


def index(made_by: str = "", max_entries: int = 100) -> BaseIndex:
    return get_index("vectorset", DIMENSIONS, max_entries, made_by)


def vector(seed: int) -> Vector:
    found = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return found / np.linalg.norm(found)


def found(where: BaseIndex, seed: int, scope: str = "s") -> list[str]:
    return [neighbour.entry.id for neighbour in where.search(vector(seed), scope, 5)]


def entry(name: str, scope: str = "s", seconds: float = 60) -> Entry:
    return Entry(name, scope, name, expires=time.time() + seconds)


def test_all_workers_see_one_index(redis8_client: redis.Redis) -> None:
    index("m").add(entry("a"), vector(1))
    assert found(index("m"), 1) == ["a"]
    index("m").remove(["a"])
    assert found(index("m"), 1) == []
    assert redis8_client.keys("*") == []


def test_embedders_never_mix(redis8_client: redis.Redis) -> None:
    index("wordllama:1:8").add(entry("a"), vector(1))
    assert found(index("wordllama:2:8"), 1) == []
    assert len(index("wordllama:2:8")) == 0


def test_what_has_expired_leaves_redis_with_the_next_addition(redis8_client: redis.Redis) -> None:
    where = index()
    for number in range(5):
        where.add(entry(f"old{number}", scope=f"s{number}", seconds=0.2), vector(number))
    time.sleep(0.25)
    where.add(entry("new"), vector(9))
    assert where.ids() == {"new"}
    assert redis8_client.keys("*in:*") == [b"llm:query_index::in:s"]


def test_what_has_expired_makes_room_for_what_has_not(redis8_client: redis.Redis) -> None:
    where = index()
    where.add(entry("live"), vector(1))
    for number in range(8):
        where.add(entry(f"old{number}", seconds=0.5), vector(1))
    time.sleep(0.6)
    assert found(where, 1) == ["live"]
    assert len(where) == 1


def test_every_key_ends_by_itself(redis8_client: redis.Redis) -> None:
    index().add(entry("a"), vector(1))
    names = redis8_client.keys("*")
    assert len(names) == 3
    assert names and all(0 < redis8_client.ttl(name) <= 3600 for name in names)


@pytest.mark.parametrize("book", ["ends", "scopes"])
def test_what_has_expired_goes_when_it_is_met_though_a_book_was_evicted(redis8_client: redis.Redis, book: str) -> None:
    where = index()
    for number in range(5):
        where.add(entry(f"old{number}", seconds=0.5), vector(number))
    redis8_client.delete(f"llm:query_index::{book}")
    time.sleep(0.6)
    where.add(entry("new"), vector(9))
    assert found(where, 9) == found(where, 9) == ["new"]
    assert redis8_client.execute_command("VCARD", "llm:query_index::in:s") == 1


def test_a_flush_by_a_stranger_does_no_harm(redis8_client: redis.Redis) -> None:
    where = index()
    where.add(entry("a"), vector(1))
    redis8_client.flushall()
    assert found(where, 1) == []
    where.add(entry("b"), vector(1))
    assert found(where, 1) == ["b"]


def test_an_older_redis_finds_nothing_and_says_why(redis_client: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    if has_vector_sets(redis_client.info()):
        pytest.skip("the Redis on the PATH has vector sets")
    with caplog.at_level(logging.WARNING):
        where = index()
        where.add(entry("a"), vector(1))
    assert found(where, 1) == []
    assert "Redis 8" in caplog.text


@pytest.fixture
def two_workers(redis8_client: redis.Redis) -> Iterator[tuple[Tier, Tier]]:
    pair = Tier(), Tier()
    yield pair
    for worker in pair:
        worker.close()


def test_what_one_worker_stores_another_finds_at_once(two_workers: tuple[Tier, Tier]) -> None:
    one, other = two_workers
    remember(one, SemanticQuery("scope", ASKED), "llm:exact:1")
    match = other.find(SemanticQuery("scope", PARAPHRASE), "speed")
    assert match is not None and match.answer_key == "llm:exact:1"
    assert other.find(SemanticQuery("another", PARAPHRASE), "speed") is None
    other.forget("llm:exact:1")
    assert one.find(SemanticQuery("scope", PARAPHRASE), "speed") is None


def test_a_paraphrase_is_answered(redis8_client: redis.Redis) -> None:
    assert asked(ASKED).status == "miss"
    assert asked(PARAPHRASE, "speed").match == "semantic"
    assert asked(PARAPHRASE, "speed", scope="client:2").status == "miss"
