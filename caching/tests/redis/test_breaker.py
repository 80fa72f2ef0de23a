from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from caching.redis import breaker as breaker_module
from caching.redis.breaker import RedisBreaker, State, WritePause
from caching.redis.errors import Advice
from speechsite.tests.support.waiting import wait_until

FULL = Advice("full", "it is full", "raise maxmemory")


def test_it_closes_by_itself_whatever_a_probe_raises(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter(["still away", LookupError("of a kind nobody expected"), LookupError("again"), None])
    reasons: list[str] = []

    def probe() -> str | None:
        reasons.append(breaker.state.reason)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    breaker = RedisBreaker(probe=probe, on_change=lambda old, new: None, interval=0.01)
    breaker.trip("connection refused")
    wait_until(lambda: breaker.state.up)
    assert reasons == ["connection refused", "still away", "unexpected LookupError", "unexpected LookupError"]
    assert caplog.text.count("Cannot test the connection to Redis") == 1


def test_of_many_that_fail_at_once_one_reports() -> None:
    changes: list[tuple[State, State]] = []
    healthy = threading.Event()
    breaker = RedisBreaker(
        probe=lambda: None if healthy.is_set() else "away",
        on_change=lambda old, new: changes.append((old, new)),
        interval=0.01,
    )
    threads = [threading.Thread(target=breaker.trip, args=("away",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(old.up, new.up) for old, new in changes] == [(True, False)]
    healthy.set()
    wait_until(lambda: len(changes) == 2)
    assert changes[1][1].up and changes[1][1].since >= changes[0][1].since


def test_of_many_that_fail_at_once_one_probes() -> None:
    healthy = threading.Event()
    breaker = RedisBreaker(
        probe=lambda: None if healthy.is_set() else "away", on_change=lambda old, new: None, interval=0.01
    )
    before = probing()
    for _ in range(20):
        breaker.trip("away")
    assert len(probing() - before) == 1
    assert all(thread.daemon for thread in probing() - before)
    healthy.set()
    wait_until(lambda: breaker.state.up)


def probing() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "redis-probe"}


def test_a_failure_of_the_probe_is_logged_once_for_each_kind(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([KeyError("1"), KeyError("2"), KeyError("3"), LookupError("4"), None])

    def probe() -> str | None:
        answer = next(answers)
        if answer:
            raise answer
        return None

    breaker = RedisBreaker(probe=probe, on_change=lambda old, new: None, interval=0.01)
    breaker.trip("connection refused")
    wait_until(lambda: breaker.state.up)
    assert caplog.text.count("Cannot test the connection to Redis") == 2
    assert breaker.state.reason == ""


def test_it_knows_since_when_it_is_as_it_is() -> None:
    began = time.time()
    breaker = RedisBreaker(probe=lambda: "away", on_change=lambda old, new: None, interval=3600)
    assert breaker.state.up and began <= breaker.state.since <= time.time()
    breaker.trip("refused")
    tripped = breaker.state
    assert not tripped.up and tripped.reason == "refused" and began <= tripped.since <= time.time()
    breaker.trip("again")
    assert breaker.state is tripped, "the first failure is the one that opened it"


def test_it_tries_as_often_as_it_was_told() -> None:
    assert RedisBreaker(probe=lambda: None, on_change=lambda old, new: None)._worker._seconds == 0.5


def test_refused_writes_pause_and_are_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(breaker_module, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))
    caplog.set_level("INFO")
    writes = WritePause(lambda: "redis://here")
    assert not writes.paused
    writes.accepted()
    assert caplog.text == ""
    writes.refused(FULL)
    assert writes.paused
    now[0] += 1.9
    assert writes.paused
    now[0] += 0.1
    assert not writes.paused
    writes.refused(FULL)
    assert writes.paused
    assert caplog.text.count("Redis at redis://here refuses writes") == 1 and "it is full" in caplog.text
    writes.accepted()
    writes.accepted()
    assert caplog.text.count("Redis at redis://here accepts writes again") == 1
    writes.refused(FULL)
    assert caplog.text.count("Redis at redis://here refuses writes") == 2
