from __future__ import annotations

import threading

import pytest

from caching.ledger import writer as writing
from caching.ledger.batch import Batch
from caching.ledger.writer import Writer
from speechsite.tests.support.waiting import PATIENCE, wait_until


class Database:
    """Takes one batch after the other, each when it is told to."""

    def __init__(self) -> None:
        self.taken: list[list[str]] = []
        self.let = threading.Semaphore(0)

    def write(self, batch: Batch) -> None:
        self.taken.append(sorted(call["key"] for call in batch.calls))
        assert self.let.acquire(timeout=PATIENCE)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database()
    monkeypatch.setattr(Batch, "write", lambda batch: database.write(batch))
    monkeypatch.setattr(writing, "PATIENCE_MS", PATIENCE * 1000)
    return database


def start(writer: Writer, key: str) -> threading.Thread:
    batch = Batch()
    batch.calls.append({"key": key})
    thread = threading.Thread(target=writer.now, args=(batch,))
    thread.start()
    return thread


def test_rows_that_come_together_are_written_together_and_nobody_waits_for_later_ones(database: Database) -> None:
    writer = Writer()
    # The suite keeps workers of this name from running by themselves.
    writer._worker.name = "ledger of this test"
    first = start(writer, "a")
    wait_until(lambda: database.taken == [["a"]])
    second, third = start(writer, "b"), start(writer, "c")
    wait_until(lambda: len(writer._pending) == 2)
    database.let.release()
    first.join(PATIENCE)
    wait_until(lambda: database.taken[1:] == [["b", "c"]])
    fourth = start(writer, "d")
    wait_until(lambda: len(writer._pending) == 1)
    database.let.release()
    second.join(PATIENCE / 2)
    third.join(PATIENCE / 2)
    assert not (first.is_alive() or second.is_alive() or third.is_alive())
    wait_until(lambda: database.taken[2:] == [["d"]])
    database.let.release()
    fourth.join(PATIENCE)
    assert not fourth.is_alive()
