from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from caching import keys
from caching.coordination import rate_limit
from caching.redis import store

MANY = 40


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "_local", rate_limit._LocalLimits())


def passed(name: str, most: int) -> int:
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda _: rate_limit.take(name, most), range(MANY))).count(0)


def test_exactly_as_many_pass_as_are_allowed(redis_client: redis.Redis) -> None:
    assert passed("one", 15) == 15
    assert 0 < rate_limit.take("one", 15) <= rate_limit.WINDOW_SECONDS
    assert passed("another", 7) == 7


def test_it_passes_again_as_soon_as_the_oldest_is_a_minute_old(redis_client: redis.Redis) -> None:
    passed("one", 5)
    key = f"{keys.LIMIT}:one"
    oldest: Any = redis_client.lindex(key, -1)
    redis_client.lset(key, -1, str(int(oldest) - rate_limit.WINDOW_SECONDS * 1000))
    assert passed("one", 5) == 1


def test_a_limit_that_is_lowered_holds_at_once(redis_client: redis.Redis) -> None:
    passed("one", 10)
    assert rate_limit.take("one", 4) > 0
    assert passed("one", 12) == 2


def test_what_is_counted_is_forgotten_after_a_minute(redis_client: redis.Redis) -> None:
    rate_limit.take("one", 3)
    assert 0 < int(redis_client.ttl(f"{keys.LIMIT}:one")) <= rate_limit.WINDOW_SECONDS


def test_it_is_one_round_trip(redis_client: redis.Redis) -> None:
    def calls() -> int:
        statistics: Any = redis_client.info("commandstats")
        return sum(found["calls"] for name, found in statistics.items() if "eval" in name)

    rate_limit.take("one", 100)
    before = calls()
    for _ in range(10):
        rate_limit.take("one", 100)
    assert calls() - before == 10


def test_without_redis_a_process_allows_its_share(use_redis: Callable[[str], None], settings: Any) -> None:
    use_redis("")
    settings.WORKERS = 3
    assert passed("one", 16) == 5
    assert 0 < rate_limit.take("one", 16) <= rate_limit.WINDOW_SECONDS
    assert passed("few", 2) == 1


def test_a_redis_that_refuses_writes_counts_as_away(redis_client: redis.Redis, settings: Any) -> None:
    settings.WORKERS = 2
    redis_client.config_set("maxmemory", 1)
    try:
        assert passed("one", 10) == 5
    finally:
        redis_client.config_set("maxmemory", 0)
    assert store.available()
