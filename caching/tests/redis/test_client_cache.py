"""What a process keeps of Redis is never older than what Redis has said, with real servers that are really changed."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from caching.redis import client_cache as module
from caching.redis import store
from caching.redis.client import ConnectionPool, RedisClient
from caching.redis.client_cache import ClientSideCache
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

KEY = "llm:exact:a"
MOST = 1000


@pytest.fixture(autouse=True)
def kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than what is kept is kept."""
    monkeypatch.setattr(module, "SECONDS", 60.0)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def client_of(server: RedisServer, **login: Any) -> RedisClient:
    pool = ConnectionPool(host="127.0.0.1", port=server.port, protocol=2, socket_timeout=5, **login)
    return RedisClient(connection_pool=pool, cache_bytes=MOST, cache_prefixes=["llm:exact:", "tts:"])


def commands(server: RedisServer, name: str) -> int:
    """How often Redis was sent one command."""
    found: Any = server.client().info("commandstats")
    return int(found.get(f"cmdstat_{name}", {"calls": 0})["calls"])


def read(client: RedisClient, key: str = KEY) -> bytes | None:
    return client.read(key, bytes)


def read_often(client: RedisClient, key: str = KEY) -> bytes | None:
    return [read(client, key) for _ in range(4)][-1]


@pytest.mark.parametrize("times", [1, 2, 50])
def test_no_change_is_missed_however_many_are_told_at_once(server: RedisServer, times: int) -> None:
    client, keys = client_of(server), [f"llm:exact:{number}" for number in range(20)]
    for number in range(times + 1):
        # In one packet: redis-py reads all of it when it is asked for the first message.
        server.client().mset(dict.fromkeys(keys, str(number)))
        assert [read_often(client, key) for key in keys] == [str(number).encode()] * len(keys)


def test_a_key_that_is_read_again_is_kept(server: RedisServer) -> None:
    server.client().set(KEY, "1")
    client = client_of(server)
    assert read_often(client) == b"1"
    before = commands(server, "get")
    assert [read(client) for _ in range(50)] == [b"1"] * 50
    assert commands(server, "get") == before


def test_it_is_asked_for_again_after_a_while_so_that_redis_sees_it_used(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.5)
    server.client().set(KEY, "1")
    client = client_of(server)
    read_often(client)
    before = commands(server, "get")
    time.sleep(0.5)
    assert read_often(client) == b"1"
    assert commands(server, "get") > before


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (lambda redis: redis.set(KEY, "2"), b"2"),
        (lambda redis: redis.unlink(KEY), None),
        (lambda redis: redis.rename(KEY, "elsewhere"), None),
        (lambda redis: redis.mset({KEY: "2", "tts:b": "3"}), b"2"),
    ],
    ids=["set", "unlink", "rename", "mset"],
)
def test_whoever_has_changed_a_key_meets_no_old_value(
    server: RedisServer, change: Callable[[redis.Redis], object], after: bytes | None
) -> None:
    other, client = server.client(), client_of(server)
    for _ in range(100):
        other.set(KEY, "1")
        assert read_often(client) == b"1"
        change(other)
        assert read(client) == after


def test_an_emptied_redis_is_heard_of_before_long(server: RedisServer) -> None:
    other, client = server.client(), client_of(server)
    other.set(KEY, "1")
    assert read_often(client) == b"1"
    other.flushall()
    # Redis answers whoever empties it some microseconds before it tells the others.
    wait_until(lambda: read(client) is None, seconds=30)


def test_keys_of_any_form_may_change(server: RedisServer) -> None:
    other, client = server.client(), client_of(server)
    other.set(KEY, "1")
    assert read_often(client) == b"1"
    for name in (b"llm:exact:\xff", b"llm:exact:", "tts:नमस्ते".encode(), b"tts:" + bytes(70_000)):
        other.set(name, "2")
        assert read(client) == b"1"
    other.set(KEY, "2")
    assert read(client) == b"2"


def test_what_has_run_out_is_not_kept(server: RedisServer) -> None:
    server.client().set(KEY, "1", px=300)
    client = client_of(server)
    assert read_often(client) == b"1"
    time.sleep(0.3)
    assert read(client) is None


def test_nobody_reads_less_than_was_written_before(server: RedisServer) -> None:
    written, stopped, wrong = 0, threading.Event(), []
    client, writer = client_of(server), server.client()

    def look() -> None:
        while not stopped.is_set():
            least, found = written, int(read(client) or 0)
            if found < least:
                wrong.append((found, least))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 1500):
        writer.set(KEY, number)
        written = number
        # Long enough, now and then, for all of them to have it from the cache.
        time.sleep(0.003 if number % 10 == 0 else 0)
    stopped.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_was_changed_while_it_was_fetched_is_not_kept(server: RedisServer) -> None:
    pool = ConnectionPool(host="127.0.0.1", port=server.port, protocol=2)
    cache = ClientSideCache(lambda: pool.listening(["llm:exact:"]), ["llm:exact:"], MOST)
    other = server.client()
    cache.note_read(KEY)
    token = cache.begin_fetch(KEY)
    other.set(KEY, "2")
    cache.store(KEY, token, b"1", 1, 60)
    assert token and cache.get(KEY) is None
    # Nor what was fetched by two, of whom the first may have read it before a change.
    first, second = cache.begin_fetch(KEY), cache.begin_fetch(KEY)
    cache.store(KEY, first, b"1", 1, 60)
    assert cache.get(KEY) is None
    cache.store(KEY, second, b"2", 1, 60)
    assert cache.get(KEY) == b"2"


def test_it_keeps_no_more_than_it_may(server: RedisServer) -> None:
    client, other = client_of(server), server.client()
    for number in range(5):
        other.set(f"tts:{number}", bytes(400))
        read_often(client, f"tts:{number}")
    other.set("tts:large", bytes(MOST + 1))
    read_often(client, "tts:large")
    before = commands(server, "get")
    for number in reversed(range(5)):
        read(client, f"tts:{number}")
    assert commands(server, "get") - before == 3
    read(client, "tts:large")
    assert commands(server, "get") - before == 4


def test_a_key_that_is_not_there_is_asked_for_with_one_command(server: RedisServer) -> None:
    assert read_often(client_of(server)) is None
    assert (commands(server, "get"), commands(server, "pttl")) == (4, 0)


def test_other_keys_are_always_read_from_redis(server: RedisServer) -> None:
    server.client().set("limit:a", "1")
    client = client_of(server)
    assert read_often(client, "limit:a") == b"1"
    assert commands(server, "get") == 4


def test_when_redis_is_not_heard_any_more_nothing_is_kept(server: RedisServer) -> None:
    other, client = server.client(), client_of(server)
    other.set(KEY, "1")
    read_often(client)
    [listener] = [one for one in other.client_list() if "t" in one["flags"]]
    other.client_kill_filter(_id=listener["id"])
    other.set(KEY, "2")
    assert read_often(client) == b"2"


@pytest.mark.parametrize("lose", [socket.socket.close, lambda sock: sock.shutdown(socket.SHUT_RDWR)])
def test_another_thread_reads_no_old_value_while_one_notices_that_redis_is_not_heard(
    server: RedisServer, lose: Callable[[Any], None]
) -> None:
    other = server.client()
    other.set(KEY, "1")
    client = client_of(server)
    assert read_often(client) == b"1"
    listener = client._cache._listener
    assert listener and listener._sock
    lose(listener._sock)
    other.set(KEY, "2")
    meanwhile, reset = [], client._reset_cache

    def reset_later(error: Exception) -> None:
        client._reset_cache = reset
        with ThreadPoolExecutor(1) as thread:
            meanwhile.append(thread.submit(read, client).result())
        reset(error)

    client._reset_cache = reset_later
    assert read(client) == b"2"
    assert meanwhile == [b"2"]


def test_a_redis_that_does_not_name_changes_is_used_all_the_same(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.client().execute_command("ACL", "SETUSER", "plain", "on", ">password", "~*", "+@all", "-client|tracking")
    server.client().set(KEY, "1")
    client = client_of(server, username="plain", password="password")
    with caplog.at_level(logging.INFO):
        assert read_often(client) == b"1"
    server.client().set(KEY, "2")
    assert read_often(client) == b"2"
    assert caplog.text.count("Client-side caching is off") == 1


def test_changes_are_heard_over_tls(use_redis: Callable[[str], None], tls_server: tuple[RedisServer, Path]) -> None:
    server, certificate = tls_server
    use_redis(f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={certificate}")
    for number in range(50):
        assert store.put(KEY, {"number": number}, 60)
        assert [store.get(KEY) for _ in range(4)] == [{"number": number}] * 4
    tracking = [each for each in store.connection().client_list() if "t" in each["flags"]]
    assert len(tracking) == 1 and store.connection().info("commandstats")["cmdstat_get"]["calls"] < 150


def test_the_store_reads_through_it(use_redis: Callable[[str], None], server: RedisServer, settings: Any) -> None:
    settings.CACHE_KEY_PREFIX = "staging"
    use_redis(server.url)
    assert store.put(KEY, {"answer": "one"}, 60)
    assert [store.get(KEY) for _ in range(5)] == [{"answer": "one"}] * 5
    assert commands(server, "get") == 2
    assert store.put(KEY, {"answer": "two"}, 60)
    assert store.get(KEY) == {"answer": "two"}
    server.process.kill()
    server.process.wait()
    assert store.get(KEY) is None and not store.available()
    server.start()
    wait_until(store.available)
