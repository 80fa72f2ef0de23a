from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import redis

from caching.coordination.admission import MAX_SLOTS, Admission
from caching.redis import client, store
from caching.redis.latency import RecentMinimum
from speechsite.tests.support.proxy import Proxy
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until


def start(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


class Line:
    """Requests that wait for a slot, each until it is told to end."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.begun: list[int] = []
        self.ends: dict[int, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def join(self, number: int) -> None:
        self.ends[number] = threading.Event()
        waiting = self.admission.waiting + len(self.begun)
        self.threads.append(start(lambda: self._work(number)))
        wait_until(lambda: self.admission.waiting + len(self.begun) > waiting)

    def end(self) -> None:
        for event in self.ends.values():
            event.set()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()

    def _work(self, number: int) -> None:
        with self.admission:
            self.begun.append(number)
            self.ends[number].wait(10)


def test_first_come_first_served(monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine may hold a slot for longer than the default.
    monkeypatch.setattr("caching.coordination.admission.REVOKED_AFTER_SECONDS", 10)
    line = Line(Admission())
    for number in range(8):
        line.join(number)
    for number in range(8):
        line.ends[number].set()
        wait_until(lambda number=number: len(line.begun) >= min(8, number + 1))  # type: ignore[misc]
    line.end()
    assert line.begun == list(range(8))


def test_there_is_one_slot_where_redis_is_near_and_more_where_it_is_far() -> None:
    near = RecentMinimum()
    admission = Admission(near)
    assert admission.limit == 1
    near.add(0.0002)
    near.add(0.4)
    assert admission.limit == 1
    far = RecentMinimum()
    far.add(0.0051)
    assert Admission(far).limit == 21
    far.add(0.0002)
    assert Admission(far).limit == 1


def test_how_far_away_redis_is_shows_where_it_is_asked(
    redis_client: redis.Redis, use_redis: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = RecentMinimum(), RecentMinimum()
    monkeypatch.setattr(client, "redis_latency", near)
    for _ in range(20):
        store.get("llm:exact:a")
    monkeypatch.setattr(client, "redis_latency", far)
    with RedisServer() as behind, Proxy(behind.port, seconds=0.05) as proxy:
        use_redis(f"redis://127.0.0.1:{proxy.port}/0")
        for _ in range(3):
            store.get("llm:exact:a")
            store.delete([])
            store.get_many([])
    assert Admission(near).limit < 10 and Admission(far).limit == MAX_SLOTS


def test_a_far_redis_keeps_nobody_waiting_for_those_who_wait_for_it() -> None:
    latency = RecentMinimum()
    latency.add(0.0011)
    line = Line(Admission(latency))
    for number in range(8):
        line.join(number)
    assert line.begun == [0, 1, 2, 3, 4]
    line.end()


def test_a_slot_is_released_once_and_only_by_its_holder() -> None:
    admission = Admission()
    admission.release()
    with admission:
        admission.release()
        assert not admission.held
        admission.release()
    assert not admission.held


def test_a_slot_that_is_held_for_long_is_revoked_for_good() -> None:
    line = Line(Admission())
    line.join(0)
    line.join(1)
    wait_until(lambda: line.begun == [0, 1])
    line.ends[1].set()
    wait_until(lambda: not line.admission.held)
    line.join(2)
    assert line.begun == [0, 1, 2]
    line.ends[0].set()
    line.threads[0].join(10)
    assert line.admission.held == 1
    line.end()
    assert not line.admission.held and not line.admission.waiting
