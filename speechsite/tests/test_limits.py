"""Limits over two real workers: with Redis exactly, without it each for its share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server

LIMIT = 20
REQUESTS = 90


def ask_many(server: Server, key: str) -> Counter[int]:
    def ask(number: int) -> int:
        # One connection a request, so that both workers get some.
        headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
        return server.request("GET", "/v1/models", headers=headers).status

    with ThreadPoolExecutor(12) as threads:
        return Counter(threads.map(ask, range(REQUESTS)))


@pytest.fixture
def without_redis(server: Server, server_redis: RedisServer) -> Iterator[None]:
    server_redis.kill()
    yield
    server_redis.start()


def test_of_many_at_once_exactly_the_limit_passes(server: Server) -> None:
    key = server.new_client("limited", "--requests-per-minute", str(LIMIT))
    assert ask_many(server, key) == {200: LIMIT, 429: REQUESTS - LIMIT}


def test_without_redis_each_worker_enforces_its_share(server: Server, without_redis: None) -> None:
    key = server.new_client("limited alone", "--requests-per-minute", str(LIMIT))
    seen = ask_many(server, key)
    # All of them if both workers were asked often enough, at least the share of one.
    assert LIMIT // 2 <= seen[200] <= LIMIT
    assert seen[200] + seen[429] == REQUESTS
