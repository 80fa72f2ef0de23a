"""A primary behind sentinels, and what happens when it dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caching.redis import store
from caching.redis.doctor import examine_redis
from caching.redis.url import mask_password
from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_cluster import WatchedRedis
from speechsite.tests.support.redis_server import self_signed_certificate
from speechsite.tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def watched() -> Iterator[WatchedRedis]:
    with WatchedRedis() as watched:
        yield watched


def test_the_primary_is_asked(watched: WatchedRedis, use_redis: Callable[[str], None]) -> None:
    use_redis(watched.url)
    assert store.put("llm:exact:a", {"v": 1}, 600)
    assert store.get("llm:exact:a") == {"v": 1}
    assert watched.primary.client().exists("llm:exact:a")


def test_the_doctor_follows_the_sentinels(watched: WatchedRedis) -> None:
    findings = list(examine_redis(watched.url))
    assert [finding.status for finding in findings if finding.step in ("sentinels", "write")] == ["ok", "ok"]
    assert any(f"127.0.0.1:{watched.primary.port}" in finding.message for finding in findings)
    *_, last = examine_redis(watched.url.replace(watched.service, "another"))
    assert (last.step, last.status) == ("sentinels", "error")
    assert "sentinel monitor" in last.remedy


def test_one_sentinel_of_several_that_is_down_is_a_warning(watched: WatchedRedis) -> None:
    findings = list(examine_redis(watched.url.replace("://", f"://127.0.0.1:{free_port()},")))
    assert [finding.status for finding in findings if finding.step == "sentinels"] == ["warning", "ok"]
    assert not any(finding.status == "error" for finding in findings)


def test_a_new_primary_is_found(use_redis: Callable[[str], None]) -> None:
    with WatchedRedis() as watched:
        use_redis(watched.url)
        assert store.put("llm:exact:a", {"v": 1}, 600)
        wait_until(lambda: bool(watched.replica.client().exists("llm:exact:a")))
        watched.primary.kill()
        assert store.get("llm:exact:a") is None
        wait_until(lambda: store.get("llm:exact:a") == {"v": 1})
        wait_until(lambda: store.put("llm:exact:b", {"v": 2}, 600))
        assert watched.replica.client().exists("llm:exact:b")


def test_sentinels_with_a_password(use_redis: Callable[[str], None]) -> None:
    with WatchedRedis() as watched:
        watched.sentinel.client().execute_command("ACL", "SETUSER", "default", "resetpass", ">secret")
        *_, last = examine_redis(watched.url)
        assert last.message.endswith("The sentinels reject the login") and "sentinel_password" in last.remedy
        url = f"{watched.url}?sentinel_password=secret"
        assert all(finding.status == "ok" for finding in examine_redis(url) if finding.step in ("sentinels", "write"))
        use_redis(url)
        assert store.put("llm:exact:a", {"v": 1}, 600)
        assert "secret" not in mask_password(url)


def test_sentinels_that_do_not_answer(use_redis: Callable[[str], None]) -> None:
    use_redis(f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/gateway/0")
    assert store.get("llm:exact:a") is None
    assert store.state().reason.startswith("The sentinels cannot be reached")


def test_sentinels_and_redis_that_speak_tls(use_redis: Callable[[str], None], tmp_path: Path) -> None:
    tls = self_signed_certificate(tmp_path)
    try:
        watched = WatchedRedis(tls)
    except OSError as error:
        pytest.skip(f"this redis-server was built without TLS: {error}")
    with watched:
        assert [finding.status for finding in examine_redis(watched.url)].count("error") == 0
        use_redis(watched.url)
        assert store.put("llm:exact:a", {"v": 1}, 600)
        assert store.get("llm:exact:a") == {"v": 1}
        *_, last = examine_redis(watched.url.partition("?")[0])
        assert (last.step, last.status) == ("sentinels", "error") and "ssl_ca_certs" in last.remedy
