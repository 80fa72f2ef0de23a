from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from speechsite.server import private_redis
from speechsite.server.private_redis import PrivateRedis


def test_servers_that_start_at_once_start_one(tmp_path: Path) -> None:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on the PATH")

    def start(number: int) -> PrivateRedis | None:
        with private_redis.one_at_a_time(tmp_path):
            return None if private_redis.running(tmp_path) else PrivateRedis(binary, tmp_path)

    # Its threads live as long as the processes that they started.
    with ThreadPoolExecutor(4) as threads:
        started = [redis for redis in threads.map(start, range(4)) if redis]
        try:
            assert [redis.url for redis in started] == [private_redis.running(tmp_path)]
        finally:
            for redis in started:
                redis.stop()
