from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import redis

from caching.coordination import event_stream, lease, single_flight
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import PATIENCE


class Failed(Exception):
    pass


FAILURES = single_flight.Failures(
    dump=lambda error: {"message": str(error)} if isinstance(error, Failed) else None,
    load=lambda told: Failed(told["message"]),
)


class Work:
    """Something slow of which it is known how often it was done."""

    def __init__(self, items: list[bytes], pause: float = 0.05, error: Exception | None = None) -> None:
        self.items, self.pause, self.error = items, pause, error
        self.times_done = 0
        self._lock = threading.Lock()

    def __call__(self) -> Iterator[bytes]:
        with self._lock:
            self.times_done += 1
        for item in self.items:
            time.sleep(self.pause)
            yield item
        if self.error:
            raise self.error


def shared(work: Callable[[], Iterator[bytes]], name: str = "work", patience: float = 5) -> Iterator[bytes]:
    return single_flight.share(name, work, failures=FAILURES, patience=patience)[1]


def seconds_of(function: Callable[[], object]) -> float:
    started = time.monotonic()
    function()
    return time.monotonic() - started


def at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    def safely() -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 (the outcome of a thread, looked at by the test)
            return error

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(safely) for _ in range(count)]]


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


def test_one_works_and_all_get_the_same() -> None:
    work = Work([b"a", b"b", b"c"], pause=0.3)
    results = at_once(20, lambda: list(shared(work)))
    assert results == [[b"a", b"b", b"c"]] * 20
    assert work.times_done == 1


def test_followers_get_items_as_they_come() -> None:
    heard = threading.Event()

    def produce() -> Iterator[bytes]:
        yield b"a"
        assert heard.wait(PATIENCE), "it does not come before the end"
        yield b"b"

    def follow() -> list[bytes]:
        items = []
        for item in shared(lambda: iter([b"x"])):
            items.append(item)
            heard.set()
        return items

    leader = shared(produce)
    assert next(leader) == b"a"
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(follow)
        assert list(leader) == [b"b"]
    assert follower.result() == [b"a", b"b"]


def test_a_failure_is_told_to_all_at_once_and_nobody_tries_again() -> None:
    # Long enough for ten threads to start even on a busy machine.
    work = Work([b"a"], pause=1.0, error=Failed("no credit"))
    results = at_once(10, lambda: list(shared(work)))
    assert results and all(isinstance(result, Failed) and str(result) == "no credit" for result in results)
    assert work.times_done == 1


def test_a_failure_that_concerns_the_leader_alone_makes_a_follower_take_over() -> None:
    attempts = iter([Work([], error=KeyError("mine")), Work([b"a"])])
    lock = threading.Lock()

    def produce() -> Iterator[bytes]:
        with lock:
            work = next(attempts)
        time.sleep(1)
        return work()

    results = at_once(3, lambda: list(shared(produce)))
    assert sorted(map(str, results)) == ["'mine'", "[b'a']", "[b'a']"]


def test_a_dead_leader_is_replaced_when_its_lease_has_run_out(redis_client: redis.Redis) -> None:
    redis_client.set("flight:work", "dead", px=int(lease.SECONDS * 1000))
    started = time.monotonic()
    assert list(shared(Work([b"a"]), patience=2 * PATIENCE)) == [b"a"]
    assert time.monotonic() - started < PATIENCE
    assert lease.SECONDS < 2, "our promise"


def test_a_leader_that_dies_after_giving_out_items_is_not_papered_over(redis_client: redis.Redis) -> None:
    redis_client.set("flight:work", "dead", px=int(lease.SECONDS * 1000))
    redis_client.xadd("flight:work:dead", {b"item": b"a"})
    items = shared(Work([b"x"]))
    assert next(items) == b"a"
    with pytest.raises(single_flight.LeaderLost):
        next(items)


def test_a_leader_that_works_for_long_keeps_its_lease() -> None:
    work = Work([b"a"], pause=lease.SECONDS * 2)
    assert at_once(3, lambda: list(shared(work))) == [[b"a"]] * 3
    assert work.times_done == 1


def test_a_follower_waits_no_longer_than_its_patience() -> None:
    begun, given_up = threading.Event(), threading.Event()

    def produce() -> Iterator[bytes]:
        begun.set()
        given_up.wait(PATIENCE)
        yield b"a"

    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(lambda: list(shared(produce)))
        assert begun.wait(PATIENCE)
        with pytest.raises(single_flight.LeaderSilent):
            list(shared(produce, patience=0.5))
        given_up.set()
        assert leader.result() == [b"a"]


def test_without_redis_everybody_works(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    work = Work([b"a"])
    assert at_once(4, lambda: list(shared(work))) == [[b"a"]] * 4
    assert work.times_done == 4


def test_when_redis_dies_in_the_middle_everybody_works(use_redis: Callable[[str], None]) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        turns = count()
        worked: list[int] = []

        def produce() -> Iterator[bytes]:
            worked.append(turn := next(turns))
            if turn == 0:
                # The others follow by now; who does not finds no Redis at all.
                time.sleep(0.5)
                server.kill()
            yield b"a"

        assert at_once(4, lambda: list(shared(produce))) == [[b"a"]] * 4
        assert len(worked) == 4


def test_a_waiter_sends_at_most_twenty_commands_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    for module, name in ((event_stream, "_read"), (lease, "holders")):
        function = getattr(module, name)

        def counted(*args: Any, function: Any = function, name: str = name) -> Any:
            sent.append(name)
            return function(*args)

        monkeypatch.setattr(module, name, counted)
    work = Work([b"x"] * 100, pause=0.02)
    leader = shared(work)
    thread = threading.Thread(target=lambda: list(leader))
    thread.start()
    time.sleep(0.2)
    seconds = seconds_of(lambda: list(shared(work)))
    thread.join()
    assert 5 < len(sent) <= 20 * seconds + 2


def test_who_comes_late_hears_all_from_the_beginning() -> None:
    leader = shared(Work([b"a", b"b", b"c"]))
    assert [next(leader), next(leader)] == [b"a", b"b"]
    follower = shared(Work([b"x"]))
    assert list(leader) == [b"c"]
    assert list(follower) == [b"a", b"b", b"c"]


def test_it_leaves_nothing_in_redis_for_long(redis_client: redis.Redis) -> None:
    leader, follower = shared(Work([b"a"])), shared(Work([b"x"]))
    assert list(leader) == list(follower) == [b"a"]
    assert not redis_client.exists("flight:work")
    (stream,) = redis_client.keys("*")
    assert 0 < redis_client.ttl(stream) <= 10


def test_what_nobody_follows_leaves_nothing_in_redis(redis_client: redis.Redis) -> None:
    list(shared(Work([b"a"])))
    assert redis_client.keys("*") == []


def test_only_what_is_followed_is_encoded() -> None:
    encoded: list[object] = []

    def encode(item: object) -> bytes:
        encoded.append(item)
        return str(item).encode()

    def of_two_numbers() -> Iterator[int]:
        yield from (1, 2)

    wire = single_flight.Wire(encode, int)
    _, alone = single_flight.share("a", of_two_numbers, failures=FAILURES, patience=5, wire=wire)
    assert list(alone) == [1, 2]
    assert encoded == []
    _, led = single_flight.share("b", of_two_numbers, failures=FAILURES, patience=5, wire=wire)
    leads, followed = single_flight.share("b", of_two_numbers, failures=FAILURES, patience=5, wire=wire)
    assert (leads, list(led), list(followed)) == (False, [1, 2], [1, 2])
    assert encoded == [1, 2]


def test_an_item_that_cannot_be_encoded_ends_no_other_lease(redis_client: redis.Redis) -> None:
    def encode(item: object) -> bytes:
        raise TypeError("no JSON")

    wire = single_flight.Wire(encode, bytes)
    broken = single_flight.share("broken", Work([b"a"]), failures=FAILURES, patience=5, wire=wire)[1]
    leader = shared(Work([b"a", b"b"]), "well")
    assert (next(broken), next(leader)) == (b"a", b"a")
    shared(Work([b"x"]), "broken")  # marks it, so that the heartbeat encodes
    time.sleep(lease.SECONDS * 2)
    assert redis_client.exists("flight:well")
    assert list(leader) == [b"b"]
    with pytest.raises(TypeError):
        broken.close()  # type: ignore[attr-defined]
