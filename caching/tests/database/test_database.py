from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from caching import database
from caching.database import DatabaseUnavailable, call, remembered, trouble
from caching.database.remembered import Remembered
from speechsite.tests.support.waiting import wait_until


class Source:
    """Counts its reads, which answer, fail or hang."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.fails = False

    def read(self, key: str) -> str:
        self.reads.append(threading.current_thread().name)
        assert self.goes_on.wait(30)
        if self.fails:
            raise OperationalError("connection refused")
        return f"{key} {len(self.reads)}"


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.goes_on.set()
    trouble._trials.stop()
    trouble.end()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Puts the clock of `caching.database` forward."""
    ahead = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0])
    for module in (database, remembered):
        monkeypatch.setattr(module, "time", clock)

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def test_a_value_in_use_is_not_awaited_when_the_database_hangs(source: Source, clock: Callable[[float], None]) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    source.goes_on.clear()
    clock(6)
    assert values.get("a") == "a 1"
    clock(5)
    begun = time.monotonic()
    assert values.get("a") == "a 1" and time.monotonic() - begun < remembered.PATIENCE / 2
    assert trouble.seconds is not None


def test_a_value_is_read_once_and_by_another_thread(source: Source) -> None:
    values = Remembered(source.read, 10)
    assert [values.get("a"), values.get("a"), values.get("b")] == ["a 1", "a 1", "b 2"]
    assert all(name.startswith("database-") for name in source.reads)


def test_a_value_in_use_is_read_again_without_waiting(source: Source, clock: Any) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    source.goes_on.clear()
    clock(6)
    begun = time.monotonic()
    assert values.get("a") == values.get("a") == "a 1"
    assert time.monotonic() - begun < remembered.PATIENCE
    source.goes_on.set()
    wait_until(lambda: values.get("a") == "a 2")
    assert len(source.reads) == 2


def test_an_old_value_is_not_served_while_the_database_works(source: Source, clock: Any) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    clock(10)
    assert values.get("a") == "a 2"


def test_many_threads_share_one_read(source: Source) -> None:
    values = Remembered(source.read, 10)
    source.goes_on.clear()
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(values.get, "a") for _ in range(8)]
        wait_until(lambda: source.reads)
        source.goes_on.set()
        assert {future.result() for future in found} == {"a 1"}


def test_a_database_that_fails_leaves_what_is_known_in_force(
    source: Source, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    source.fails = True
    clock(10)
    assert [values.get("a") for _ in range(50)] == ["a 1"] * 50
    assert len(source.reads) == 2
    with pytest.raises(DatabaseUnavailable):
        values.get("b")
    assert caplog.text.count("The database does not answer") == 1


def test_what_was_known_too_long_ago_is_not_served(source: Source, clock: Any) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    source.fails = True
    clock(database.LONGEST_AGE + 1)
    with pytest.raises(DatabaseUnavailable):
        values.get("a")


def test_a_database_that_hangs_is_waited_for_once(source: Source, clock: Any) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    source.goes_on.clear()
    clock(10)
    begun = time.monotonic()
    assert [values.get("a") for _ in range(50)] == ["a 1"] * 50
    assert time.monotonic() - begun < 2 * remembered.PATIENCE
    clock(database.LONGEST_PATIENCE + 1)
    for attempt in (lambda: values.get("unknown"), lambda: call(lambda: 1)):
        begun = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            attempt()
        assert time.monotonic() - begun < remembered.PATIENCE
    assert len(source.reads) == 2


@pytest.mark.django_db(transaction=True)
def test_a_trial_finds_the_end_of_the_trouble(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    values = Remembered(source.read, 10)
    source.fails = True
    with pytest.raises(DatabaseUnavailable):
        values.get("a")
    source.fails = False
    assert trouble.seconds is not None
    wait_until(lambda: trouble.seconds is None)
    assert values.get("a") == "a 2"
    assert caplog.text.count("The database answers again") == 1


def test_beyond_the_most_keys_all_are_forgotten(source: Source) -> None:
    values = Remembered(source.read, 10, most=3)
    for key in "abcd":
        values.get(key)
    assert set(values._known) == {"d"}


class Rows(Source):
    """Read together, and rewritten alike each time."""

    def read_all(self, keys: Collection[str]) -> dict[str, list[str]]:
        self.reads.append(" ".join(sorted(keys)))
        return {key: [key] for key in keys}

    def remembered(self) -> Remembered[str, list[str]]:
        return Remembered(lambda key: self.read_all([key])[key], 10, read_all=self.read_all, same=operator.eq)


@pytest.fixture
def rows(source: Source) -> Rows:
    return Rows()


def test_values_in_use_are_read_again_together(rows: Rows, clock: Callable[[float], None]) -> None:
    values = rows.remembered()
    for key in "abc":
        values.get(key)
    clock(6)
    assert values.get("b") == ["b"]
    wait_until(lambda: rows.reads == ["a", "b", "c", "a b c"])
    wait_until(lambda: not values._pending)
    for key in "abc":
        values.get(key)
    assert len(rows.reads) == 4


def test_a_new_key_waits_for_no_others(rows: Rows, clock: Callable[[float], None]) -> None:
    values = rows.remembered()
    values.get("a")
    clock(6)
    values.get("b")
    assert rows.reads == ["a", "b"]


def test_a_value_that_is_too_old_is_read_alone(rows: Rows, clock: Callable[[float], None]) -> None:
    """Of ten thousand clients that ask once a minute, none waits for the keys of the others."""
    values = rows.remembered()
    for key in "abc":
        values.get(key)
    clock(11)
    for key in "abc":
        values.get(key)
    assert rows.reads == ["a", "b", "c"] * 2


def test_values_in_use_are_looked_through_four_times_in_their_life(rows: Rows, clock: Callable[[float], None]) -> None:
    values = rows.remembered()
    values.get("a")
    clock(3)
    values.get("b")
    clock(3)
    values.get("a")
    wait_until(lambda: rows.reads[2:] == ["a b"] and not values._pending)
    values._known["b"].read_at -= 6
    values.get("b")
    assert len(rows.reads) == 3
    clock(2.6)
    values.get("b")
    wait_until(lambda: rows.reads[3:] in (["b"], ["a b"]))


def test_a_value_that_nobody_asks_for_is_not_read_for_ever(rows: Rows, clock: Callable[[float], None]) -> None:
    values = rows.remembered()
    values.get("seldom")
    values.get("often")
    for _ in range(remembered.MAX_UNASKED + 1):
        clock(6)
        values.get("often")
        wait_until(lambda: not values._pending)
    assert rows.reads[-2:] == ["often seldom", "often"]


def test_a_value_that_is_read_alike_stays_the_same_object(rows: Rows, clock: Callable[[float], None]) -> None:
    values = rows.remembered()
    first = values.get("a")
    clock(11)
    assert values.get("a") is first
    assert rows.reads == ["a", "a"]


def test_a_known_value_can_be_changed(source: Source) -> None:
    values = Remembered(source.read, 10)
    values.get("a")
    values.change("a", lambda value: f"{value}!")
    values.change("unknown", lambda value: f"{value}!")
    assert [values.get("a"), values.get("unknown")] == ["a 1!", "unknown 2"]


@pytest.mark.django_db
def test_inside_a_transaction_its_own_connection_is_asked(source: Source) -> None:
    with transaction.atomic():
        me = threading.current_thread().name
        assert Remembered(source.read, 10).get("a") == "a 1"
        assert source.reads == [me]
        assert call(lambda: threading.current_thread().name) == me


def test_errors_that_are_not_the_databases_are_passed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        call(lambda: 1 // 0)
    assert trouble.seconds is None


@pytest.mark.django_db(transaction=True)
def test_a_query_runs_in_a_thread_with_a_connection_of_its_own() -> None:
    assert call(lambda: connection.in_atomic_block) is False
    assert call(lambda: threading.current_thread().name).startswith("database-")
