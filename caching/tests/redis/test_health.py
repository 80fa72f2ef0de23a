from __future__ import annotations

import shutil
import time
from collections.abc import Callable

import pytest
import redis

from caching.redis import health, store
from caching.redis.breaker import State
from caching.redis.health import keys_by_kind, redis_health
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

UseRedis = Callable[[str], None]


def test_it_tells_how_redis_is(use_redis: UseRedis) -> None:
    with RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        use_redis(server.url)
        server.client().set("a", "b")
        health = redis_health()
    assert (health.status, health.max_bytes, health.policy, health.keys) == ("up", 100 * 2**20, "allkeys-lru", 1)
    assert health.version and health.used_bytes and health.ping_ms is not None and health.since
    assert health.warning == ""


def test_it_warns_of_a_redis_that_will_refuse_writes(use_redis: UseRedis) -> None:
    with RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "noeviction") as server:
        use_redis(server.url)
        assert "noeviction: a full Redis refuses writes" in redis_health().warning
        server.client().config_set("maxmemory", "0")
        assert "maxmemory is not set" in redis_health().warning


def test_off_and_down_are_told_apart(use_redis: UseRedis) -> None:
    use_redis("")
    assert redis_health().status == "off"
    use_redis("redis://127.0.0.1:1/0")
    health = redis_health()
    assert health.status == "down" and "refused" in health.reason
    assert keys_by_kind().by_kind["tts"] == 0


def test_keys_are_counted_by_kind(redis_client: redis.Redis) -> None:
    redis_client.mset({**{f"llm:exact:{n}": "{}" for n in range(1500)}, "tts:a": "x", "other": "x"})
    counts = keys_by_kind(10)
    assert counts.exact
    assert (counts.by_kind["llm:exact"], counts.by_kind["tts"], counts.by_kind["llm:semantic"]) == (1500, 1, 0)


def test_a_huge_database_is_counted_by_a_sample(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_client.mset({f"llm:exact:{n}": "{}" for n in range(20_000)})
    redis_client.mset({f"tts:{n}": "{}" for n in range(20_000)})
    assert keys_by_kind(0).by_kind["llm:exact"] == 20_000, "exact below the limit, however long it takes"
    monkeypatch.setattr(health, "EXACT_BELOW", 40_000)
    counts = keys_by_kind(0)
    assert not counts.exact
    assert 10_000 < counts.by_kind["llm:exact"] < 30_000 and counts.by_kind["llm:exact"] % 1000 == 0


def test_a_redis_that_cannot_save_is_read_also_after_a_restart_of_ours(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        store.put("llm:exact:a", {"a": 1}, 60)
        admin = server.client()
        shutil.rmtree(str(admin.config_get("dir")["dir"]))
        admin.config_set("save", "1000 1000")
        admin.bgsave()
        wait_until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err")
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            admin.ping()
        store.connect()
        assert store.available() and store.ping_milliseconds() is not None
        assert store.get("llm:exact:a") == {"a": 1} and not store.put("llm:exact:b", {"b": 1}, 60)
        assert "refuses writes: Redis cannot save to its disk" in caplog.text


def test_how_long_redis_was_away_does_not_depend_on_the_clock(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    now = time.time()
    store._log_change(State(up=False, since=now), State(up=True, since=now - 3600))
    assert "again after 0.0 s" in caplog.text
