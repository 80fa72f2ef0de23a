"""Every state in which users find their Redis, made for real; and what the doctor says of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from caching.redis import doctor, errors
from caching.redis.doctor import Finding, _judge_clock, examine_redis
from caching.redis.errors import NO_PERMISSION
from caching.redis.health import redis_health
from caching.redis.url import NOT_SET, normalize_redis_url
from caching.redis.version import has_safe_vector_sets, has_vector_sets
from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TIMEOUT", 1.0)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def examined(url: str) -> list[Finding]:
    return list(examine_redis(normalize_redis_url(url)))


def failure(url: str) -> tuple[str, str, str]:
    """The step that failed, what it says, and what to do."""
    findings = examined(url)
    assert [finding.status for finding in findings[:-1]] == ["ok"] * (len(findings) - 1), findings
    last = findings[-1]
    assert last.status == "error", findings
    return last.step, last.message, last.remedy


def test_a_good_redis_passes_every_step(server: RedisServer) -> None:
    server.client().config_set("maxmemory", "100mb")
    server.client().config_set("maxmemory-policy", "allkeys-lru")
    findings = examined(f"redis://127.0.0.1:{server.port}/3")
    assert [finding.step for finding in findings] == [
        *("REDIS_URL", "DNS", "TCP", "AUTH", "SELECT", "write", "memory", "version", "clock", "latency")
    ]
    assert {finding.status for finding in findings if finding.step != "latency"} == {"ok"}
    assert server.client(db=3).dbsize() == 0, "it leaves nothing behind"


def test_no_url_is_a_warning() -> None:
    (finding,) = examine_redis("")
    assert (finding.status, finding.message) == ("warning", f"caching is off: {NOT_SET}")


def test_a_wrong_host() -> None:
    step, message, remedy = failure("redis://no-such-host.invalid:6379/0")
    assert (step, message) == ("DNS", "The host name cannot be resolved")
    assert remedy.startswith("Check the host in REDIS_URL")


def test_a_wrong_port() -> None:
    step, message, remedy = failure(f"redis://127.0.0.1:{free_port()}/0")
    assert (step, message) == ("TCP", "Connection refused")
    assert "Check host and port" in remedy


def test_a_wrong_password() -> None:
    with RedisServer("--requirepass", "s3cret") as server:
        step, message, _ = failure(f"redis://:wrong@127.0.0.1:{server.port}/0")
    assert (step, message) == ("AUTH", "Wrong user name or password")


def test_a_missing_password() -> None:
    with RedisServer("--requirepass", "s3cret") as server:
        step, message, remedy = failure(f"redis://127.0.0.1:{server.port}/0")
        assert examined(f"redis://:s3cret@127.0.0.1:{server.port}/0")[-1].step == "latency"
    assert (step, message) == ("AUTH", "NOAUTH Authentication required")
    assert "redis://:password@host" in remedy


def test_a_password_that_is_not_wanted(server: RedisServer) -> None:
    step, message, _ = failure(f"redis://:s3cret@127.0.0.1:{server.port}/0")
    assert (step, message) == ("AUTH", "This Redis has no password")


def test_redis_to_a_port_that_speaks_tls(tls_server: tuple[RedisServer, Path]) -> None:
    step, message, remedy = failure(f"redis://127.0.0.1:{tls_server[0].port}/0")
    assert (step, message, remedy) == ("TLS", "This port speaks TLS", "Use rediss:// (double s) in REDIS_URL")


def test_rediss_to_a_plain_port(server: RedisServer) -> None:
    step, message, remedy = failure(f"rediss://127.0.0.1:{server.port}/0")
    assert (step, message) == ("TLS", "SSL connection failed: this port does not speak TLS")
    assert remedy == "Use redis:// in REDIS_URL"


def test_a_certificate_that_nobody_vouches_for(tls_server: tuple[RedisServer, Path]) -> None:
    server, certificate = tls_server
    step, message, remedy = failure(server.url)
    assert (step, message) == ("TLS", "The certificate of Redis is not signed by a trusted CA")
    assert "ssl_ca_certs" in remedy
    for file in ("/no/such/ca.pem", str(Path(__file__))):
        assert failure(f"{server.url}?ssl_ca_certs={file}")[1] == errors.CERTIFICATE_FILE.message
    assert examined(f"{server.url}?ssl_ca_certs={certificate}")[-1].step == "latency"


@pytest.mark.usefixtures("impatient")
def test_a_redis_that_hangs(server: RedisServer) -> None:
    server.pause()
    step, message, _ = failure(server.url)
    server.resume()
    assert (step, message) == ("AUTH", "Connection timeout")


@pytest.mark.usefixtures("impatient")
def test_a_port_that_never_answers_a_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        step, message, _ = failure(f"rediss://127.0.0.1:{silent.getsockname()[1]}/0")
    assert (step, message) == ("TLS", "Connection timeout")


def test_a_read_only_replica(server: RedisServer) -> None:
    with RedisServer("--replicaof", f"127.0.0.1 {server.port}") as replica:
        wait_until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        step, message, remedy = failure(replica.url)
    assert (step, message) == ("write", "This Redis is a read-only replica")
    assert remedy == "Point REDIS_URL at the primary"


def test_a_full_redis(server: RedisServer) -> None:
    server.client().config_set("maxmemory", "1")
    step, message, remedy = failure(server.url)
    assert (step, message) == ("write", "Redis is full and refuses writes")
    assert "allkeys-lru" in remedy


def test_a_database_that_does_not_exist(server: RedisServer) -> None:
    step, message, _ = failure(f"redis://127.0.0.1:{server.port}/99")
    assert (step, message) == ("SELECT", "This database number does not exist")


def test_a_user_without_permission() -> None:
    with RedisServer("--user", "bob", "on", ">b", "~llm:*", "+@all", "-set") as server:
        step, message, _ = failure(f"redis://bob:b@127.0.0.1:{server.port}/0")
    assert (step, message) == ("write", "The Redis user lacks a permission")


def test_a_user_that_may_do_what_is_advised_and_no_more(settings: Any) -> None:
    settings.CACHE_KEY_PREFIX = "gateway"
    permissions = [part.replace("~", "~gateway:") for part in NO_PERMISSION.remedy.split() if part[0] in "+~"]
    with RedisServer("--user", "bob", "on", ">b", *permissions) as server:
        findings = examined(f"redis://bob:b@127.0.0.1:{server.port}/0")
    said = {finding.step: finding for finding in findings}
    assert said["write"].status == "ok" and said["INFO"].status == "warning" and findings[-1].step == "latency"
    assert "+info" in said["INFO"].remedy


def test_a_policy_that_refuses_writes_is_a_warning(server: RedisServer) -> None:
    memory = next(finding for finding in examined(server.url) if finding.step == "memory")
    assert memory.status == "warning" and "allkeys-lru" in memory.remedy


def test_no_password_is_ever_shown() -> None:
    with RedisServer("--requirepass", "s3cret") as server:
        for password in ("s3cret", "wrong-s3cret"):
            shown = str(examined(f"redis://:{password}@127.0.0.1:{server.port}/0"))
            assert "s3cret" not in shown


def test_a_redis_that_is_too_old_for_vector_sets(server: RedisServer) -> None:
    if has_vector_sets(server.client().info()):
        pytest.skip("the redis-server on the PATH has vector sets")
    found = {finding.step: finding for finding in examine_redis(server.url, "vectorset")}
    assert found["version"].status == "error"
    assert "finds no semantic matches" in found["version"].message
    assert found["version"].remedy == "Use Redis 8 or newer (Valkey has none), or SEMANTIC_INDEX=numpy"
    assert {finding.step: finding.status for finding in examine_redis(server.url, "numpy")}["version"] == "ok"


def test_a_redis_with_vector_sets(redis8: RedisServer) -> None:
    found = {finding.step: finding for finding in examine_redis(redis8.url, "vectorset")}["version"]
    safe = has_safe_vector_sets(redis8.client().info())
    assert found.status == ("ok" if safe else "warning")
    assert ("8.2.9" in found.remedy) == (not safe)


@pytest.mark.parametrize(
    ("ahead", "status", "told"),
    [(0.2, "ok", "agrees"), (-4.9, "ok", "agrees"), (90.0, "warning", "90 s ahead of"), (-3600.0, "warning", "behind")],
)
def test_a_clock_that_differs_is_a_warning(ahead: float, status: str, told: str) -> None:
    found = _judge_clock(ahead)
    assert found.status == status
    assert told in found.message


@pytest.mark.parametrize(("limit", "policy"), [("0", "allkeys-lru"), ("100mb", "noeviction"), ("100mb", "allkeys-lru")])
def test_doctor_and_dashboard_agree_on_memory(
    server: RedisServer, use_redis: Callable[[str], None], limit: str, policy: str
) -> None:
    server.client().config_set("maxmemory", limit)
    server.client().config_set("maxmemory-policy", policy)
    use_redis(server.url)
    [memory] = [found for found in examine_redis(server.url) if found.step == "memory"]
    assert memory.remedy == redis_health().warning
