"""The permissions that the documentation asks for are enough for all that requests and commands do."""

from __future__ import annotations

import time
from collections.abc import Callable

from caching import lease, rates, sharing, store
from caching.entries import flushing, keyspace
from caching.entries.selection import Selection
from caching.flight import _append, _read
from caching.levels import Quota
from caching.redis.advice import NO_PERMISSION
from caching.semantic import feed
from speechsite.tests.redis_server import RedisServer

EVERYBODY = ("--user", "default", "on", "nopass", "~*", "&*", "+@all")


def test_a_user_with_these_permissions_is_refused_nothing(use_redis: Callable[[str], None]) -> None:
    permissions = [part for part in NO_PERMISSION.remedy.split() if part[0] in "+~"]
    with RedisServer(*EVERYBODY, "--user", "gateway", "on", ">secret", *permissions) as server:
        use_redis(f"redis://gateway:secret@127.0.0.1:{server.port}/0")
        store.connect()
        _do_everything()
        assert [denied["object"] for denied in server.client().acl_log()] == []


def _do_everything() -> None:
    assert store.put("llm:exact:1", {"answer": "ten"}, 60) and store.get("llm:exact:1")
    assert rates.within(Quota("client", 9)) and rates.take("client", 9) == 0
    sharing.admitted(["name"], "client")
    sharing.bar("name")
    work = lease.Lease("flight:work")
    assert work.acquire() == work.token and work.held_by(work.token)
    lease.renew([work])
    work.release()
    _append("flight:work:1", [(b"item", b"a")], 9)
    assert _read("flight:work:1", "0", 10)
    feed.publish(feed.Event("llm:exact:1", "scope", "a question", time.time() + 60, by="client"))
    assert feed._newest() and list(feed.read_all())
    assert feed.erase_events(by="client") == 1
    assert keyspace.size() and keyspace.memory(["llm:exact:1"]) and keyspace.describe(["llm:exact:1"])
    *_, progress = flushing.flush(Selection())
    assert progress.complete and progress.removed
