"""Redis killed, paused, brought back and far away from a server at work: nobody may notice but by the speed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from speechsite.tests.support.proxy import Proxy
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

CONNECTIONS = 8
REFUSED = "continuing without cache. Connection refused"
HANGS = "Connection timeout"


@contextmanager
def load(server: Server) -> Iterator[Counter[str]]:
    """CONNECTIONS threads that ask without a break; counts `200 HIT`, `200 BYPASS`, and so on."""
    seen: Counter[str] = Counter()
    done = threading.Event()

    def ask(number: int) -> None:
        while not done.is_set():
            response = server.chat(f"Asked under load: {number}")
            seen[f"{response.status} {response.headers.get('X-Cache')}"] += 1

    with ThreadPoolExecutor(CONNECTIONS) as threads:
        asking = [threads.submit(ask, number) for number in range(CONNECTIONS)]
        try:
            yield seen
        finally:
            done.set()
    for one in asking:
        one.result()


def wait_for_more(seen: Counter[str], what: str) -> None:
    """Wait until 50 more of `what` have come."""
    enough = seen[what] + 50
    wait_until(lambda: seen[what] >= enough)


@pytest.fixture
def restored(server_redis: RedisServer) -> Iterator[RedisServer]:
    yield server_redis
    if server_redis.process.poll() is not None:
        server_redis.start()


def test_no_request_fails_when_redis_is_killed_and_hits_resume(server: Server, restored: RedisServer) -> None:
    before = server.log.count(REFUSED)
    with load(server) as seen:
        wait_for_more(seen, "200 HIT")
        restored.kill()
        wait_for_more(seen, "200 BYPASS")
        restored.start()
        wait_for_more(seen, "200 HIT")
    assert {answer.split()[0] for answer in seen} == {"200"}
    # One line a worker and change of state, not one a request.
    assert server.log.count(REFUSED) - before <= 2


def test_no_request_fails_when_redis_hangs_and_hits_resume(server: Server, restored: RedisServer) -> None:
    before = server.log.count(HANGS)
    with load(server) as seen:
        wait_for_more(seen, "200 HIT")
        restored.pause()
        try:
            wait_for_more(seen, "200 BYPASS")
            ready = server.request("GET", "/readyz")
        finally:
            restored.resume()
        wait_for_more(seen, "200 HIT")
    assert {answer.split()[0] for answer in seen} == {"200"}
    assert (ready.status, ready.json()["status"]) == (200, "degraded")
    assert server.log.count(HANGS) - before <= 2


@pytest.mark.alone
def test_nobody_waits_until_a_far_redis_has_answered_somebody_else(tmp_path: Path) -> None:
    away, askers = 0.1, 32
    with RedisServer() as redis, Proxy(redis.port, seconds=away) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}/0"
        server = Server(tmp_path, {"REDIS_URL": url, "REDIS_TIMEOUT_MS": "3000"}, workers=1)
        try:
            with ThreadPoolExecutor(askers) as threads:
                # The first time it connects.
                for _ in range(2):
                    began = time.monotonic()
                    answers = list(threads.map(lambda _: server.chat("Asked from far away"), range(askers)))
                    took = time.monotonic() - began
        finally:
            server.stop()
    assert {answer.headers["X-Cache"] for answer in answers} == {"HIT"}
    assert took < askers * away / 2
