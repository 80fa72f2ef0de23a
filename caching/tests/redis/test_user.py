"""The user that docs/redis.md advises for Redis may do all that the gateway does there, and nothing is refused it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings

from caching import installation, shared_scope
from caching.coordination import rate_limit, single_flight
from caching.maintenance import flush, text_caches
from caching.maintenance.selection import Selection
from caching.policy import Quota
from caching.redis import store
from caching.redis.doctor import examine_redis
from caching.semantic import replication
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import Entry
from speechsite.tests.support.redis_server import RedisServer

DOCUMENT = (django_settings.BASE_DIR / "docs" / "redis.md").read_text()
EXTRA = ("+info", "+vadd", "+vsim", "+vrem", "+vgetattr")
UNTOLD = single_flight.Failures(dump=lambda error: None, load=lambda told: RuntimeError())


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def as_the_user(server: RedisServer, *more: str) -> str:
    """The address of `server` for the user that the document makes."""
    [command] = re.findall(r"`(ACL SETUSER gateway on >password [^`]*)`", DOCUMENT)
    server.client().execute_command(*command.split(), *more)
    return f"redis://gateway:password@127.0.0.1:{server.port}/0"


def refused(server: RedisServer) -> list[Any]:
    return [entry["object"] for entry in server.client().acl_log()]


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "staging"])
def test_nothing_that_requests_need_is_refused(
    server: RedisServer, use_redis: Callable[[str], None], settings: Any, prefix: str
) -> None:
    settings.CACHE_KEY_PREFIX = prefix
    use_redis(as_the_user(server, *(["resetkeys", f"~{prefix}:*"] if prefix else [])))
    assert store.put("llm:exact:a", {"v": 1}, 600)
    assert store.get_many(["llm:exact:a", "tts:b"]) == [{"v": 1}, None]
    assert [rate_limit.take("one", 1) > 0 for _ in range(2)] == [False, True]
    assert rate_limit.within(Quota("one", 1))
    assert shared_scope.admitted(["llm:exact:a"], "1") == [False]
    installation.announce()
    assert installation.neighbours() == []
    text_caches.drop_everywhere()
    leads, items = single_flight.share("a", lambda: iter([b"b"]), failures=UNTOLD, patience=30)
    _, followed = single_flight.share("a", lambda: iter([b"c"]), failures=UNTOLD, patience=30)
    assert (leads, next(items)) == (True, b"b")
    replication.publish_all([replication.IndexEvent("llm:exact:a", "scope", "text", time.time() + 60)])
    assert len(list(replication.read_all())) == 1
    assert list(items) == []
    assert list(followed) == [b"b"]
    assert list(flush.flush(Selection(), dry_run=False))[-1].scanned
    assert refused(server) == []


def test_nothing_that_the_doctor_needs_is_refused(server: RedisServer) -> None:
    assert [finding.step for finding in examine_redis(as_the_user(server, "+info")) if finding.status == "error"] == []
    assert refused(server) == []


def test_nothing_that_vector_sets_need_is_refused(redis8: RedisServer, use_redis: Callable[[str], None]) -> None:
    assert all(command in DOCUMENT for command in EXTRA)
    use_redis(as_the_user(redis8, *EXTRA))
    index = get_index("vectorset", 2)
    one = np.array([1, 0], np.float32)
    index.add(Entry("llm:exact:a", "scope", "text", expires=time.time() + 60), one)
    assert [near.entry.id for near in index.search(one, "scope", 1)] == ["llm:exact:a"]
    assert index.remove(["llm:exact:a"]) == 1
    assert refused(redis8) == []
