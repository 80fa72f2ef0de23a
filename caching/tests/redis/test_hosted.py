"""Redis as others host it: a cluster behind one address, and commands that are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis.crc import key_slot

from caching import keys
from caching.maintenance import browse, erasure, flush
from caching.maintenance.selection import Selection
from caching.management.stats_text import stats_text
from caching.policy import Policy
from caching.redis import scan, store
from caching.redis.doctor import examine_redis
from caching.redis.health import redis_health
from caching.redis.url import normalize_redis_url
from caching.reports import summary
from caching.semantic.cache import forget_tier
from caching.tests.support.asking import Provider, ask_for_stream, spoken
from caching.tests.support.paraphrases import question
from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_cluster import FAST, SLOTS
from speechsite.tests.support.redis_server import RedisServer, self_signed_certificate, tls_options
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db


def cluster_of_one(*options: str, tls: bool = False) -> RedisServer:
    """A node with all slots, which refuses commands with keys of two."""
    server = RedisServer(*FAST, "--cluster-port", str(free_port()), *options, tls=tls)
    client = server.client(**({"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False} if tls else {}))
    client.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
    wait_until(lambda: client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
    return server


@pytest.fixture
def one_address(use_redis: Callable[[str], None]) -> Iterator[RedisServer]:
    """As proxies of hosted clusters look: `redis://`, and no key is elsewhere."""
    with cluster_of_one() as server:
        use_redis(server.url)
        yield server
        forget_tier()


@pytest.fixture
def without_memory(use_redis: Callable[[str], None]) -> Iterator[RedisServer]:
    with RedisServer("--rename-command", "MEMORY", "hidden") as server:
        use_redis(server.url)
        yield server
        forget_tier()


def store_answers(count: int = 30) -> list[str]:
    names = [question(f"What is {number}?").key for number in range(count)]
    assert all(store.put(name, {"question": "What?"}, 60) for name in names)
    assert len({key_slot(name.encode()) for name in names}) > 1
    return names


def test_a_cluster_behind_one_address_is_read_and_written(one_address: RedisServer) -> None:
    provider = Provider(spoken("A word."))
    assert list(ask_for_stream(question("Why?"), Policy(), provider).value)
    assert ask_for_stream(question("Why?"), Policy(), provider).status == "hit"
    assert {finding.status for finding in examine_redis(one_address.url)} <= {"ok", "warning"}


def test_a_cluster_behind_one_address_is_emptied(one_address: RedisServer) -> None:
    names = store_answers()
    assert store.delete(names[:10]) == 10
    assert list(flush.flush(Selection(pattern="*")))[-1].removed == 20
    assert one_address.client().dbsize() == 0


def test_the_counters_of_a_client_are_erased_behind_one_address(one_address: RedisServer) -> None:
    counters = [f"{keys.LIMIT}:leaving{end}" for end in ("", ":entries:2026-12-01", ":more")]
    for name in counters:
        one_address.client().set(name, 1)
    with store.must_succeed():
        erasure._erase_counters("leaving")
    assert one_address.client().dbsize() == 0


def test_without_memory_usage_sizes_are_unknown_and_all_else_works(without_memory: RedisServer) -> None:
    names = store_answers(3)
    assert scan.memory(names) == [0, 0, 0]
    described = scan.describe([*names, "llm:exact:gone"]) or []
    assert [(stored.key, stored.bytes) for stored in described] == [(name, 0) for name in names]
    page = browse.browse(Selection(pattern="*"))
    assert page and len(page.rows) == 3
    assert list(flush.flush(Selection(pattern="*")))[-1].removed == 3


def test_without_info_redis_is_up_and_its_memory_unknown(use_redis: Callable[[str], None]) -> None:
    with RedisServer("--rename-command", "INFO", "hidden") as server:
        use_redis(server.url)
        store_answers(2)
        health = redis_health()
        assert (health.status, health.keys, health.used_bytes, health.warning) == ("up", 2, 0, "")
        told = stats_text(summary.collect(timedelta(days=1)))
        assert "Redis     connected, Redis of an unknown version\nMemory    unknown\n" in told
        server.kill()
        assert redis_health().status == "down"


def test_sizes_that_cannot_be_asked_for_are_not_taken_for_unknown(without_memory: RedisServer) -> None:
    without_memory.kill()
    assert scan.memory(["llm:exact:a"]) is None
    assert store.delete(["llm:exact:a"]) == 0


def told_of(url: str) -> tuple[str, str, str, str]:
    last = list(examine_redis(normalize_redis_url(url)))[-1]
    return last.step, last.status, last.message, last.remedy


def test_an_address_that_a_cluster_announces_and_nobody_reaches_is_named() -> None:
    gone = free_port()
    with cluster_of_one("--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", str(gone)) as server:
        step, status, message, remedy = told_of(f"redis+cluster://127.0.0.1:{server.port}")
    assert (step, status) == ("cluster", "error")
    assert message == f"127.0.0.1:{gone}, which is announced: Connection refused"
    assert "cluster-announce-ip" in remedy


def test_the_log_says_why_no_node_of_a_cluster_can_be_used(use_redis: Callable[[str], None]) -> None:
    announced = ("--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", str(free_port()))
    with cluster_of_one(*announced) as server:
        use_redis(f"redis+cluster://127.0.0.1:{server.port}")
        assert [(store._probe() or "").partition(".")[0] for _ in range(2)] == ["Connection refused"] * 2


def test_an_address_that_sentinels_announce_and_nobody_reaches_is_named() -> None:
    gone = free_port()
    with RedisServer("--sentinel", configured=True) as sentinel:
        sentinel.client().sentinel_monitor("ours", "127.0.0.1", gone, 1)
        step, status, message, remedy = told_of(f"redis+sentinel://127.0.0.1:{sentinel.port}/ours")
    assert (step, status) == ("sentinel", "error")
    assert message == f"127.0.0.1:{gone}, which is announced: Connection refused"
    assert "replica-announce-ip" in remedy


def test_a_name_that_a_cluster_announces_and_its_certificate_lacks_is_named(tmp_path: Path) -> None:
    certificate, key = self_signed_certificate(tmp_path)
    options = ("--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", "hostname")
    try:
        server = cluster_of_one(*options, "--tls-cluster", "yes", *tls_options(certificate, key), tls=True)
    except OSError as error:
        pytest.skip(f"this redis-server was built without TLS: {error}")
    with server:
        url = f"rediss+cluster://127.0.0.1:{server.port}?ssl_ca_certs={certificate}"
        step, status, message, remedy = told_of(url)
        assert (step, status) == ("cluster", "error")
        assert (
            message == f"localhost:{server.port}, which is announced: The certificate of Redis is for another host name"
        )
        assert "cluster-announce-hostname" in remedy and "?ssl_check_hostname=false" in remedy
        assert told_of(f"{url}&ssl_check_hostname=false")[1] != "error"
