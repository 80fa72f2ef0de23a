from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from caching import keys
from caching.coordination import rate_limit
from caching.policy import Quota
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
    # Threads that an earlier test left may run a script too; a second round trip would make it 20.
    assert 10 <= calls() - before < 20


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


def test_the_limit_is_a_minutes(redis_client: redis.Redis) -> None:
    for _ in range(3):
        rate_limit.take("one", 3)
    redis_client.lset(f"{keys.LIMIT}:one", -1, _milliseconds_ago(redis_client, 59_000))
    assert 0.5 < rate_limit.take("one", 3) <= 1
    redis_client.lset(f"{keys.LIMIT}:one", -1, _milliseconds_ago(redis_client, 60_000))
    assert rate_limit.take("one", 3) == 0
    assert 58_000 < int(redis_client.pttl(f"{keys.LIMIT}:one")) <= 60_000


def _milliseconds_ago(redis_client: redis.Redis, milliseconds: int) -> str:
    now: Any = redis_client.time()
    return str(now[0] * 1000 + now[1] // 1000 - milliseconds)


def test_no_more_is_kept_than_is_needed(redis_client: redis.Redis) -> None:
    for _ in range(3):
        rate_limit.take("one", 3)
    redis_client.lset(f"{keys.LIMIT}:one", -1, _milliseconds_ago(redis_client, 61_000))
    assert rate_limit.take("one", 3) == 0
    assert redis_client.llen(f"{keys.LIMIT}:one") == 3


def test_without_redis_a_minute_passes_too(use_redis: Callable[[str], None], settings: Any, clock: list[float]) -> None:
    use_redis("")
    settings.WORKERS = 1
    assert [rate_limit.take("one", 2) for _ in range(2)] == [0, 0]
    clock[0] += 20
    assert rate_limit.take("one", 2) == 40
    clock[0] += 39
    assert rate_limit.take("one", 2) == 1
    clock[0] += 1
    assert [rate_limit.take("one", 2) for _ in range(2)] == [0, 0]
    assert rate_limit.take("one", 2) == 60
    assert len(rate_limit._local._moments["one"]) == 2


def test_without_redis_a_limit_that_is_lowered_holds_at_once(
    use_redis: Callable[[str], None], settings: Any, clock: list[float]
) -> None:
    use_redis("")
    settings.WORKERS = 1
    for _ in range(3):
        assert rate_limit.take("one", 3) == 0
        clock[0] += 10
    assert rate_limit.take("one", 1) == 50


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that this module sees; other threads need the real one."""
    now = [1000.0]
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


class Calendar:
    today = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)

    @classmethod
    def now(cls, zone: object) -> datetime:
        assert zone is UTC
        return cls.today


@pytest.mark.parametrize("prefix", ["", "team"])
def test_a_daily_quota_is_counted_by_day_and_holder(
    redis_client: redis.Redis, settings: Any, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    settings.CACHE_KEY_PREFIX = prefix
    monkeypatch.setattr(rate_limit, "datetime", Calendar)
    monkeypatch.setattr(Calendar, "today", Calendar.today)
    quota = Quota("client:1", 2)
    assert [(rate_limit.is_used_up(quota), rate_limit.within(quota)) for _ in range(3)] == [
        (False, True),
        (False, True),
        (True, False),
    ]
    assert rate_limit.is_used_up(Quota("client:2", 1)) is False
    assert rate_limit.within(Quota("client:2", 2)) is True
    key = f"{prefix}:limit:client:1:entries:2026-11-23".removeprefix(":")
    assert redis_client.get(key) == b"3"
    assert 86_340 < int(redis_client.ttl(key)) <= 86_400
    Calendar.today += timedelta(days=1)
    assert rate_limit.within(quota) is True


def test_without_a_quota_everything_may_be_written_and_without_redis_nothing(
    redis_client: redis.Redis, use_redis: Callable[[str], None]
) -> None:
    assert (rate_limit.within(None), rate_limit.is_used_up(None)) == (True, False)
    assert redis_client.keys() == []
    use_redis("redis://127.0.0.1:1/0")
    assert rate_limit.within(None) is True
    assert rate_limit.within(Quota("client:1", 2)) is False
    assert rate_limit.is_used_up(Quota("client:1", 2)) is False


def test_a_limit_stands_under_the_prefix(redis_client: redis.Redis, settings: Any) -> None:
    settings.CACHE_KEY_PREFIX = "team"
    rate_limit.take("one", 3)
    assert redis_client.keys() == [b"team:limit:one"]


def test_without_redis_the_number_of_names_is_bounded(
    use_redis: Callable[[str], None], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_redis("")
    settings.WORKERS = 1
    monkeypatch.setattr(rate_limit, "MAX_NAMES", 100)
    assert rate_limit.take("one", 1) == 0
    for number in range(1000):
        rate_limit.take(f"invented {number}", 10)
    assert len(rate_limit._local._moments) <= 100
    assert rate_limit.take("invented 999", 1) > 0


@pytest.mark.parametrize(("old", "kept"), [(0, 50), (20, 50), (60, 40)])
def test_without_redis_the_names_not_used_for_longest_are_forgotten(
    use_redis: Callable[[str], None],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    clock: list[float],
    old: int,
    kept: int,
) -> None:
    use_redis("")
    settings.WORKERS = 1
    monkeypatch.setattr(rate_limit, "MAX_NAMES", 100)
    for number in range(100):
        clock[0] += 60 if number == old else 0
        assert rate_limit.take(str(number), 1) == 0
    assert all(rate_limit.take(str(number), 1) > 0 for number in range(old, 100))
    assert rate_limit.take("one more", 1) == 0
    assert [*rate_limit._local._moments] == [*map(str, range(100 - kept, 100)), "one more"]
