from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from caching.coordination.write_behind import MOST_WAITING, WriteBehind
from caching.redis import store
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until


@pytest.fixture
def behind() -> Iterator[WriteBehind]:
    """One whose thread has not been started."""
    behind = WriteBehind()
    yield behind
    behind._waiting.clear()


def putting(key: str, value: str = "written") -> store.Command:
    return lambda redis: redis.set(key, value, ex=60)


def failing(redis: object) -> None:
    raise ValueError("no command at all")


def test_it_is_written_a_moment_later(behind: WriteBehind, redis_client: redis.Redis) -> None:
    behind.write([putting("llm:a"), putting("llm:b", "first")])
    behind.write([putting("llm:b", "last")])
    assert wait_until(lambda: redis_client.get("llm:b")) == b"last"
    assert redis_client.get("llm:a") == b"written"


def test_the_oldest_give_way(behind: WriteBehind, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "_start", threading.current_thread)
    behind.write(putting(f"llm:{number}") for number in range(MOST_WAITING + 2))
    behind.flush()
    assert redis_client.dbsize() == MOST_WAITING
    assert not redis_client.exists("llm:0", "llm:1")


def test_one_that_fails_does_not_end_it(behind: WriteBehind, redis_client: redis.Redis) -> None:
    behind.write([failing])
    wait_until(lambda: not behind._waiting)
    thread = behind._thread
    behind.write([putting("llm:a")])
    assert wait_until(lambda: redis_client.get("llm:a"))
    assert behind._thread is thread


def test_without_redis_it_waits_for_nothing(behind: WriteBehind, use_redis: Callable[[str], None]) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        server.kill()
        behind.write([putting("llm:lost")])
        wait_until(lambda: not store.available())
        server.start()
        wait_until(store.available)
        behind.write([putting("llm:a")])
        assert wait_until(lambda: server.client().get("llm:a"))
        assert not server.client().exists("llm:lost")
