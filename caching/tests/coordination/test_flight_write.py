"""A leader stores what it has made and gives up its lease in one round trip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from caching.coordination import single_flight
from caching.redis import store
from caching.tests.coordination.test_single_flight import FAILURES


def stored_by(flight: single_flight.Flight[bytes], value: str, taken: list[bool]) -> Iterator[bytes]:
    with flight:
        taken.append(flight.write([lambda redis: redis.set("made", value), lambda redis: redis.set("beside", value)]))
        flight.add(b"item")
        yield b"item"


def flown(value: str, taken: list[bool]) -> tuple[bool, Iterator[bytes]]:
    return single_flight.fly(
        "work",
        lambda flight, seen: stored_by(flight, value, taken),
        failures=FAILURES,
        patience=5,
        look=lambda redis: redis.get("made"),
    )


@pytest.fixture(autouse=True)
def empty(redis_client: redis.Redis) -> redis.Redis:
    return redis_client


def round_trips(redis_client: redis.Redis) -> int:
    return int(redis_client.info("commandstats").get("cmdstat_eval", {}).get("calls", 0))


def test_what_is_made_is_there_before_the_lease_is_gone(redis_client: redis.Redis) -> None:
    taken: list[bool] = []
    leads, items = flown("first", taken)
    assert (leads, redis_client.exists("flight:work")) == (True, 1)
    before = round_trips(redis_client)
    assert next(items) == b"item"
    assert (taken, redis_client.get("made"), redis_client.get("beside")) == ([True], b"first", b"first")
    assert not redis_client.exists("flight:work")
    assert list(items) == []
    # One script in all, in the same round trip as the two SETs.
    assert round_trips(redis_client) - before == 1


def test_a_leader_that_ends_later_does_not_touch_the_lease_of_the_next(redis_client: redis.Redis) -> None:
    _, first = flown("first", [])
    next(first)
    leads, second = flown("second", [])
    held = redis_client.get("flight:work")
    assert leads
    assert list(first) == []
    assert redis_client.get("flight:work") == held
    assert list(second) == [b"item"]


def test_a_follower_gets_the_items_of_a_leader_that_has_written(redis_client: redis.Redis) -> None:
    taken: list[bool] = []
    _, items = flown("first", taken)
    leads, followed = flown("second", taken)
    assert (leads, list(items), list(followed)) == (False, [b"item"], [b"item"])
    assert (taken, redis_client.get("made")) == ([True], b"first")
    assert not redis_client.exists("flight:work")


def test_a_lease_is_given_up_where_redis_refuses_what_was_made(redis_client: redis.Redis) -> None:
    taken: list[bool] = []

    def refused(flight: single_flight.Flight[Any], seen: bytes | None) -> Iterator[bytes]:
        with flight:
            taken.append(flight.write([lambda redis: redis.set("made", "x"), lambda redis: redis.incr("made")]))
            yield b"item"

    look: store.Command = lambda redis: redis.get("made")  # noqa: E731
    _, items = single_flight.fly("work", refused, failures=FAILURES, patience=5, look=look)
    assert list(items) == [b"item"]
    assert taken == [False]
    assert not redis_client.exists("flight:work")
