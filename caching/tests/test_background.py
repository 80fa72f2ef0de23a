from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from caching import background
from caching.background import MAX_TASKS, PeriodicWorker, drain, run_submitted, submit
from caching.redis import store
from speechsite.tests.support.databases import run_python
from speechsite.tests.support.waiting import PATIENCE, wait_until

BRIEFLY = 0.01


@pytest.fixture
def worker_of() -> Iterator[Callable[..., PeriodicWorker]]:
    """Makes workers, and stops them at the end."""
    made: list[PeriodicWorker] = []

    def make(run: Callable[[], object], **options: Any) -> PeriodicWorker:
        made.append(PeriodicWorker("of a test", run, BRIEFLY, **options))
        return made[-1]

    yield make
    for worker in made:
        worker.stop()


Workers = Callable[..., PeriodicWorker]


def threads_of_tests() -> int:
    return sum(thread.name == "of a test" for thread in threading.enumerate())


def test_it_runs_again_and_again_until_it_is_stopped(worker_of: Workers) -> None:
    runs = itertools.count()
    seen: list[int] = []
    worker = worker_of(lambda: seen.append(next(runs)))
    worker.start()
    wait_until(lambda: len(seen) >= 3)
    worker.stop()
    ended = len(seen)
    assert threads_of_tests() == 0
    assert len(seen) == ended


def test_however_often_it_is_started_it_has_one_thread(worker_of: Workers) -> None:
    worker = worker_of(lambda: None)
    starting = [threading.Thread(target=worker.start) for _ in range(20)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert threads_of_tests() == 1


def test_it_can_be_started_again(worker_of: Workers) -> None:
    ran = threading.Event()
    worker = worker_of(ran.set)
    worker.start()
    worker.stop()
    ran.clear()
    worker.start()
    assert ran.wait(PATIENCE)


def test_stopping_waits_for_a_run_that_is_under_way(worker_of: Workers) -> None:
    entered, ended = threading.Event(), threading.Event()

    def run() -> None:
        entered.set()
        while not worker.stopping:
            pass
        ended.set()

    worker = worker_of(run)
    worker.start()
    assert entered.wait(PATIENCE)
    worker.stop()
    assert ended.is_set()


def test_a_run_may_stop_its_own_worker(worker_of: Workers) -> None:
    made: list[PeriodicWorker] = []
    made.append(worker_of(lambda: made[0].stop()))
    made[0].start()
    wait_until(lambda: threads_of_tests() == 0)


def test_what_always_fails_is_logged_once_until_it_succeeds(
    worker_of: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    runs = iter([OSError("a"), OSError("b"), None, OSError("c"), ValueError("d"), ValueError("e")])
    done = threading.Event()

    def run() -> None:
        failure = next(runs, done)
        if isinstance(failure, Exception):
            raise failure
        if failure is done:
            done.set()

    worker_of(run).start()
    assert done.wait(PATIENCE)
    logged = [str(record.exc_info[1]) for record in caplog.records if record.exc_info]
    assert logged == ["a", "c", "d"]


@pytest.mark.parametrize("at_once", [False, True])
def test_the_first_run_comes_at_once_only_where_that_is_wanted(at_once: bool) -> None:
    ran = threading.Event()
    worker = PeriodicWorker("of a test", ran.set, PATIENCE, at_once=at_once)
    worker.start()
    assert ran.wait(PATIENCE / 2 if at_once else 0.2) is at_once
    worker.stop()


def test_a_child_has_a_thread_of_its_own_even_if_it_was_forked_while_the_lock_was_held(sqlite_url: str) -> None:
    code = """
import os, sys, threading
from caching.background import PeriodicWorker
ran = threading.Event()
worker = PeriodicWorker("w", ran.set, 0.01)
worker.start()
assert ran.wait(10)
worker._lock.acquire()
if os.fork() == 0:
    ran = threading.Event()
    worker._run = ran.set
    worker.start()
    os._exit(not ran.wait(10))
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    run_python(code, sqlite_url)


def test_at_the_end_of_the_process_it_runs_what_it_was_told_for_it(sqlite_url: str) -> None:
    code = """
from caching.background import PeriodicWorker
PeriodicWorker("a", lambda: print("run", flush=True), 3600, at_exit=lambda: print("flushed", flush=True)).start()
PeriodicWorker("b", lambda: print("run", flush=True), 3600).start()
"""
    assert run_python(code, sqlite_url).strip() == "flushed"


def test_tasks_run_a_moment_later_in_their_order(redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_task_worker", PeriodicWorker("of a test", run_submitted, BRIEFLY))
    for value in ("first", "last"):
        submit(store.write, [lambda redis, value=value: redis.set("llm:a", value, ex=60)])
    assert wait_until(lambda: redis_client.get("llm:a")) == b"last"
    background._task_worker.stop()


def test_beyond_the_limit_the_oldest_task_is_dropped() -> None:
    done: list[int] = []
    for number in range(MAX_TASKS + 2):
        submit(done.append, number)
    assert done == []
    run_submitted()
    assert done == list(range(2, MAX_TASKS + 2))


def test_a_task_that_fails_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    submit(int, "no number")
    submit(done.append, 1)
    run_submitted()
    assert done == [1]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_an_answer_whose_client_has_gone_is_read_to_its_end_and_beyond_the_limit_closed() -> None:
    go_on, read, closed = threading.Event(), [], threading.Event()

    def answer(number: int) -> Iterator[int]:
        try:
            yield 0
            go_on.wait(PATIENCE)
            yield number
            read.append(number)
        except GeneratorExit:
            closed.set()

    answers = [answer(number) for number in range(background.MAX_DRAINED_AT_ONCE + 1)]
    for items in answers:
        next(items)
        drain(items)
    assert closed.is_set()
    go_on.set()
    wait_until(lambda: sorted(read) == list(range(background.MAX_DRAINED_AT_ONCE)))
