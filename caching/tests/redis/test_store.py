"""Redis as users have it, and as it fails them: real servers, really stopped, paused, filled and locked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import redis

from caching.ledger import recent_stream
from caching.maintenance import text_caches
from caching.redis import breaker, scan, store
from caching.redis.serializers import Audio, JSONSerializer
from caching.semantic import replication
from speechsite.tests.support.proxy import Proxy
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

UseRedis = Callable[[str], None]

# Generous, because machines are shared; the promise is 300 ms for whoever notices and 5 ms for everybody after.
NOTICED_WITHIN = 2.0
SKIPPED_WITHIN = 0.05


def seconds_of(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def test_it_writes_and_reads(redis_client: redis.Redis) -> None:
    assert store.put("llm:exact:a", {"answer": "नमस्ते"}, 60)
    assert store.get("llm:exact:a") == {"answer": "नमस्ते"}
    assert redis_client.keys() == [b"llm:exact:a"]
    assert 58 <= redis_client.ttl("llm:exact:a") <= 60
    value = redis_client.get("llm:exact:a")
    assert isinstance(value, bytes) and value.startswith('{"answer":"नमस्ते",'.encode())


def test_it_reads_many_in_their_order(redis_client: redis.Redis) -> None:
    store.put("tts:a", Audio(b"A", {}), 60, "audio")
    store.put("tts:c", Audio(b"C", {}), 60, "audio")
    assert store.get_many(["tts:a", "tts:b", "tts:c"], "audio") == [Audio(b"A", {}), None, Audio(b"C", {})]
    assert store.delete(["tts:a", "tts:b", "tts:c"]) == 2


@pytest.mark.parametrize("garbage", [b"", b"{", b"123", b"\xff\x00\xfe", b"[1]"])
def test_it_removes_what_cannot_be_read(redis_client: redis.Redis, garbage: bytes) -> None:
    redis_client.set("llm:exact:a", garbage)
    assert store.get("llm:exact:a") is None
    assert not redis_client.exists("llm:exact:a")


def test_it_does_not_store_what_is_too_large(redis_client: redis.Redis, settings: Any) -> None:
    settings.CACHE_MAX_ENTRY_BYTES = 100
    assert not store.put("llm:exact:a", {"answer": "x" * 100}, 60)
    assert not redis_client.keys()


def test_without_a_url_it_remembers_nothing_and_says_so_once(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "caching")
    use_redis("")
    store.connect()
    assert not store.put("llm:exact:a", {"a": 1}, 60)
    assert store.get("llm:exact:a") is None
    assert store.delete(["llm:exact:a"]) == 0
    assert [record.message for record in caplog.records] == ["Caching is off: REDIS_URL is not set"]


@pytest.mark.parametrize(
    ("arguments", "credentials"),
    [
        ([], ""),
        (["--requirepass", "p@ss#w/rd$"], ":p@ss#w/rd$@"),
        (["--user", "alice", "on", ">s3cret", "~*", "+@all", "--user", "default", "off"], "alice:s3cret@"),
    ],
)
@pytest.mark.parametrize("database", [0, 5])
def test_it_connects_with_every_form_of_url(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture, arguments: list[str], credentials: str, database: int
) -> None:
    caplog.set_level(logging.INFO, "caching")
    with RedisServer(*arguments) as server:
        use_redis(f"redis://{credentials}127.0.0.1:{server.port}/{database}")
        store.connect()
        assert store.put("llm:exact:a", {"a": 1}, 60)
        assert store.get("llm:exact:a") == {"a": 1}
    user = credentials.partition(":")[0]
    shown = f"{user}:***@" if credentials else ""
    # Other threads may still tell of the Redis of an earlier test.
    assert f"Connected to Redis at redis://{shown}127.0.0.1:{server.port}/{database}" in caplog.messages
    assert "p@ss" not in caplog.text and "p%40ss" not in caplog.text and "s3cret" not in caplog.text


def test_it_connects_with_tls(
    use_redis: UseRedis, tls_server: tuple[RedisServer, Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "caching")
    server, certificate = tls_server
    use_redis(f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={certificate}")
    store.connect()
    assert store.put("llm:exact:a", {"a": 1}, 60)
    assert store.get("llm:exact:a") == {"a": 1}
    assert "Connected to Redis at rediss://127.0.0.1" in caplog.text


@pytest.mark.alone
def test_a_killed_redis_is_noticed_once_and_used_again_when_it_is_back(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "caching")
    with RedisServer() as server:
        use_redis(server.url)
        store.put("llm:exact:a", {"a": 1}, 60)
        server.kill()
        assert seconds_of(lambda: store.get("llm:exact:a")) < NOTICED_WITHIN
        assert not store.available()
        assert median(seconds_of(lambda: store.get("llm:exact:a")) for _ in range(20)) < SKIPPED_WITHIN
        server.start()
        wait_until(store.available)
        assert store.put("llm:exact:a", {"a": 2}, 60)
        assert store.get("llm:exact:a") == {"a": 2}
    changes = [record.message for record in caplog.records if str(server.port) in record.message]
    assert len(changes) == 2, changes
    assert "Lost connection to Redis at" in changes[0] and "without cache. Connection refused" in changes[0]
    assert "again after" in changes[1]


@pytest.mark.alone
def test_a_hanging_redis_costs_one_time_out_and_is_used_again(use_redis: UseRedis, settings: Any) -> None:
    settings.REDIS_TIMEOUT_MS = 1000
    with RedisServer() as server:
        use_redis(server.url)
        store.put("llm:exact:a", {"a": 1}, 60)
        server.pause()
        assert 0.9 < seconds_of(lambda: store.get("llm:exact:a")) < NOTICED_WITHIN
        assert not store.available()
        assert median(seconds_of(lambda: store.put("llm:exact:b", {"b": 1}, 60)) for _ in range(20)) < SKIPPED_WITHIN
        time.sleep(1.5)
        assert not store.available(), "a paused Redis must not be taken for a working one"
        server.resume()
        wait_until(store.available)
        assert store.get("llm:exact:a") == {"a": 1}


def test_a_restart_between_two_requests_is_not_even_noticed(use_redis: UseRedis) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        store.put("llm:exact:a", {"a": 1}, 60)
        server.kill()
        server.start()
        assert store.put("llm:exact:a", {"a": 2}, 60), "the closed connection should have been replaced"
        assert store.available()


def test_a_full_redis_is_still_read_and_its_refusal_logged_once(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "PAUSE_SECONDS", 0.05)
    with RedisServer() as server:
        use_redis(server.url)
        store.put("llm:exact:a", {"a": 1}, 60)
        admin = server.client()
        admin.config_set("maxmemory", "1")
        for _ in range(5):
            assert not store.put("llm:exact:b", {"b": "x" * 1000}, 60)
            time.sleep(0.06)
        assert store.get("llm:exact:a") == {"a": 1}
        assert store.available()
        assert caplog.text.count("refuses writes: Redis is full") == 1
        admin.config_set("maxmemory", "0")
        time.sleep(0.06)
        assert store.put("llm:exact:b", {"b": 1}, 60)


def test_a_read_only_replica_is_read(use_redis: UseRedis, caplog: pytest.LogCaptureFixture) -> None:
    with RedisServer() as primary, RedisServer("--replicaof", f"127.0.0.1 {primary.port}") as replica:
        wait_until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        primary.client().set("llm:exact:a", JSONSerializer({}).dumps({"a": 1}))
        primary.client().wait(1, 5000)
        use_redis(replica.url)
        assert not store.put("llm:exact:b", {"b": 1}, 60)
        assert store.get("llm:exact:a") == {"a": 1}
    assert "refuses writes: This Redis is a read-only replica" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "credentials", "advice"),
    [
        (["--requirepass", "secret"], "", "NOAUTH Authentication required. Add the password"),
        (["--requirepass", "secret"], ":wrong@", "Wrong user name or password"),
        (["--user", "bob", "on", ">b", "~none:*", "+@all", "-ping"], "bob:b@", "lacks a permission"),
    ],
)
def test_a_wrong_password_is_explained(
    use_redis: UseRedis, caplog: pytest.LogCaptureFixture, arguments: list[str], credentials: str, advice: str
) -> None:
    with RedisServer(*arguments) as server:
        use_redis(f"redis://{credentials}127.0.0.1:{server.port}/0")
        store.connect()
        assert store.get("llm:exact:a") is None
        assert not store.available()
    assert advice in caplog.text
    assert caplog.text.count("Lost connection") == 1


# Functions of the store, of scans and of what is erased, each of which must say that it did not do its work.
PARTS: dict[str, Callable[[], object]] = {
    "get": lambda: store.get("llm:exact:a"),
    "get_many": lambda: store.get_many(["llm:exact:a", "llm:exact:b"]),
    "put": lambda: store.put("llm:exact:a", {"a": 1}, 60),
    "put audio": lambda: store.put("tts:a", Audio(b"A", {}), 60, "audio"),
    "write": lambda: store.write([store.getting("llm:exact:a")]),
    "delete": lambda: store.delete(["llm:exact:a"]),
    "scan": lambda: list(scan.scan_all()),
    "memory": lambda: scan.memory(["llm:exact:a"]),
    "describe": lambda: scan.describe(["llm:exact:a"]),
    "size": scan.size,
    "texts": text_caches.drop_everywhere,
    "recent requests": lambda: recent_stream.erase("bot"),
    "events of the index": lambda: replication.erase_events(by="bot"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("connected", [True, False], ids=["lost meanwhile", "known to be disconnected"])
def test_work_that_must_be_whole_fails_without_redis_whatever_its_part(use_redis: UseRedis, connected: bool) -> None:
    for name, part in PARTS.items():
        # Forgets what is known of Redis.
        use_redis("redis://127.0.0.1:1/0")
        if not connected:
            store.ping_milliseconds()
        assert store.available() == connected
        with pytest.raises(store.RedisFailed, match="refused"), store.must_succeed():
            part()
            pytest.fail(f"{name} said nothing")


def test_without_a_configured_redis_nothing_has_to_succeed(settings: Any) -> None:
    settings.REDIS_URL = ""
    with store.must_succeed():
        assert not store.put("llm:exact:a", {"a": 1}, 60)


def test_an_unknown_host_is_explained(use_redis: UseRedis, caplog: pytest.LogCaptureFixture) -> None:
    use_redis("redis://no-such-host.invalid:6379/0")
    assert store.get("llm:exact:a") is None
    assert "The host name cannot be resolved" in caplog.text


def test_a_database_that_is_not_there_is_explained(use_redis: UseRedis, caplog: pytest.LogCaptureFixture) -> None:
    with RedisServer() as server:
        use_redis(f"redis://127.0.0.1:{server.port}/99")
        store.connect()
    assert "This database number does not exist" in caplog.text


def test_a_port_that_wants_tls_is_explained(
    use_redis: UseRedis, tls_server: tuple[RedisServer, Path], caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = tls_server
    use_redis(f"redis://127.0.0.1:{server.port}/0")
    store.connect()
    use_redis(server.url)
    store.connect()
    assert "requires rediss://" in caplog.text
    assert "?ssl_ca_certs=" in caplog.text


def test_more_threads_than_redis_py_allows_connections_are_all_served(use_redis: UseRedis) -> None:
    many = 150
    with RedisServer() as behind, Proxy(behind.port, seconds=0.2) as proxy:
        use_redis(f"redis://127.0.0.1:{proxy.port}/0")
        for number in range(many):
            behind.client().set(f"llm:exact:{number}", JSONSerializer({}).dumps({"answer": number}))
        with ThreadPoolExecutor(many) as threads:
            found = list(threads.map(lambda number: store.get(f"llm:exact:{number}"), range(many)))
        assert found == [{"answer": number} for number in range(many)]
        assert store.available()
