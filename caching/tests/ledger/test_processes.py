"""The ledger under real conditions: several processes, a database that is locked or gone, and `kill -9`."""

from __future__ import annotations

import sqlite3
import time
from decimal import Decimal

import redis

from caching.fields import PLACES
from speechsite.tests.support.databases import PostgresServer, query, run_python, start_python

SETUP = """
import os, signal, sys, time, threading
from caching import ledger
from caching.ledger import Event, Usage
def miss(model="tts-1", key="k"):
    return ledger.record(Event("tts", "miss", Usage(characters=1_000_000), provider="openai", model=model, key=key))
def hit(model="tts-1", key="k"):
    return ledger.record(Event("tts", "exact", Usage(characters=1_000_000), provider="openai", model=model, key=key))
def say(word):
    print(word, flush=True)
def wait_for(hits):
    from django.db.models import Sum
    from caching.models import EntryHits
    deadline = time.monotonic() + 30
    while EntryHits.objects.aggregate(sum=Sum("hits", default=0))["sum"] < hits:
        assert time.monotonic() < deadline, "it was not written"
        time.sleep(0.1)
"""
SUMS = "SELECT count(*), sum(requests), sum(cost), sum(saved) FROM caching_hourlyusage"
COUNTS = "SELECT (SELECT count(*) FROM caching_call), (SELECT sum(hits) FROM caching_entryhits)"
PRICE = 15.0


def figures(database_url: str) -> dict[str, float]:
    [[rows, requests, cost, saved]] = query(database_url, SUMS)
    [[calls, hits]] = query(database_url, COUNTS)
    cost, saved = (float(Decimal(nanos or 0).scaleb(-PLACES)) for nanos in (cost, saved))
    return {"rows": rows, "requests": requests, "calls": calls, "hits": hits, "cost": cost, "saved": saved}


def test_many_threads_of_two_processes_add_to_the_same_rows(database_url: str) -> None:
    code = f"""{SETUP}
def work():
    for _ in range(25):
        miss()
        hit()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    processes = [start_python(code, database_url) for _ in range(2)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "keeping it in memory" not in errors
    found = figures(database_url)
    # An hour may end during the test, which makes two rows of each.
    assert found["rows"] in (2, 4)
    assert (found["requests"], found["calls"], found["hits"]) == (800, 400, 400)
    assert (found["cost"], found["saved"]) == (400 * PRICE, 400 * PRICE)


def test_kill_9_right_after_the_answer_loses_no_spend(database_url: str) -> None:
    run_python_until_killed(f"{SETUP}\nmiss()\nos.kill(os.getpid(), signal.SIGKILL)", database_url)
    assert figures(database_url)["cost"] == PRICE


def test_kill_9_loses_at_most_the_hits_of_the_last_second(database_url: str) -> None:
    code = f"{SETUP}\nhit()\nwait_for(1)\nhit()\nos.kill(os.getpid(), signal.SIGKILL)"
    run_python_until_killed(code, database_url)
    # The last one may have been written in the moment before.
    assert figures(database_url)["saved"] in (PRICE, 2 * PRICE)


def test_a_process_that_ends_at_once_loses_nothing(sqlite_url: str, redis_client: redis.Redis) -> None:
    code = f"""{SETUP}
from caching import background
from caching.redis import store
units = Usage(characters=1_000_000)
ledger.record(Event("tts", "exact", units, provider="openai", model="tts-1", key="k", listed=True))
background.submit(store.write, [lambda redis: redis.set("llm:late", b"written", ex=60)])
"""
    run_python(code, sqlite_url)
    assert figures(sqlite_url)["saved"] == PRICE
    [stream] = [key for key in redis_client.scan_iter() if redis_client.type(key) == b"stream"]
    assert redis_client.xlen(stream) == 1
    assert redis_client.get("llm:late") == b"written"


def run_python_until_killed(code: str, database_url: str) -> None:
    process = start_python(code, database_url)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -9, errors


def test_hits_are_written_when_a_process_ends(database_url: str) -> None:
    run_python(f"{SETUP}\nhit()", database_url)
    assert figures(database_url)["saved"] == PRICE


def test_hits_are_written_when_a_worker_of_multiprocessing_is_terminated(database_url: str) -> None:
    # As granian runs its workers: SIGTERM ends the loop, the target returns, and `atexit` never runs.
    code = f"""{SETUP}
import multiprocessing
def worker(ready):
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    hit()
    ready.set()
    stop.wait()
context = multiprocessing.get_context("fork")
ready = context.Event()
process = context.Process(target=worker, args=(ready,))
process.start()
ready.wait(30)
process.terminate()
process.join(30)
"""
    run_python(code, database_url)
    assert figures(database_url)["saved"] == PRICE


def test_a_locked_database_delays_an_answer_by_a_second_at_most_and_loses_nothing(sqlite_url: str) -> None:
    code = f"""{SETUP}
miss()
say("ready"); sys.stdin.readline()
for _ in range(3):
    started = time.monotonic()
    assert miss().cost
    say(time.monotonic() - started)
say("locked"); sys.stdin.readline()
from caching.ledger.writer import writer
deadline = time.monotonic() + 30
while not writer.flush():
    assert time.monotonic() < deadline
started = time.monotonic()
miss()
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = start_python(code, sqlite_url)
    assert process.stdin and process.stdout
    assert process.stdout.readline() == "ready\n"
    lock = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    process.stdin.write("\n")
    process.stdin.flush()
    first, second, third = (float(process.stdout.readline()) for _ in range(3))
    assert process.stdout.readline() == "locked\n"
    assert 0.9 < first < 10
    assert second < 0.9 and third < 0.9, "once it is known that the database is locked nobody waits for it"
    time.sleep(2)
    lock.execute("ROLLBACK")
    lock.close()
    _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == -9, errors
    assert "keeping it in memory" in errors and "writes work again" in errors
    found = figures(sqlite_url)
    # The last call was written as an amount, but perhaps not yet as a row.
    assert found["cost"] == 5 * PRICE and found["calls"] in (4, 5)


def test_a_database_that_goes_away_and_comes_back_loses_nothing(postgres: PostgresServer, postgres_url: str) -> None:
    code = f"""{SETUP}
miss()
say("ready"); sys.stdin.readline()
for _ in range(3):
    assert miss().cost
say("away"); sys.stdin.readline()
from caching.ledger.writer import writer
deadline = time.monotonic() + 30
while writer._failing:
    time.sleep(0.1)
    assert time.monotonic() < deadline
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = start_python(code, postgres_url)
    assert process.stdin and process.stdout
    assert process.stdout.readline() == "ready\n"
    postgres.stop()
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "away\n"
    postgres.start()
    _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == -9, errors
    assert figures(postgres_url)["cost"] == 4 * PRICE


def test_hits_that_are_pending_at_a_fork_are_written_once_and_equal_ones_of_the_child_by_the_child(
    sqlite_url: str,
) -> None:
    code = f"""{SETUP}
from django.db import connections
from caching.ledger.writer import writer
equal = ledger.ExactHit("tts", Usage(characters=1_000_000), "", "openai", "tts-1", "", "k", "", (), False)
hit()
wait_for(1)
ledger.record_hit(equal, 0.001)
connections.close_all()
assert len(writer._pending)
if os.fork() == 0:
    ledger.record_hit(equal, 0.001)
    deadline = time.monotonic() + 30
    while writer._pending:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os._exit(0 if writer.flush() else 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    run_python(code, sqlite_url)
    assert figures(sqlite_url)["saved"] == 3 * PRICE
