from __future__ import annotations

import threading

import pytest

from caching.redis.breaker import RedisBreaker, State
from speechsite.tests.support.waiting import wait_until


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
