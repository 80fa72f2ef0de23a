from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caching.models import HourlyUsage
from caching.semantic.cache import forget_tier
from speech.models import Client
from speech.tests.support.traces import (
    SECRET,
    caller,
    everything_in_redis,
    everything_in_the_database,
    use_everything,
)

Clients = Callable[..., tuple[Client, str]]

# A spoken turn is counted in threads, which would wait for ever for rows that a test has not committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_indexed() -> None:
    """An index that holds what an earlier test's Redis held would be told to forget it, in the new one."""
    forget_tier()


def test_of_others_something_is_stored(clients: Clients, redis_client: Any, caplog: Any) -> None:
    """What the tests below look for can be found."""
    use_everything(caller(clients("bot")[1]), SECRET)
    assert SECRET.encode() in everything_in_redis(redis_client)
    assert SECRET in everything_in_the_database()
    assert SECRET in caplog.text


def test_nothing_is_kept_of_who_is_never_stored(clients: Clients, redis_client: Any, caplog: Any) -> None:
    _, key = clients("bot", never_store=True, shared_scope=True)
    use_everything(caller(key), SECRET)
    assert redis_client.keys("*") == []
    assert SECRET not in everything_in_the_database()
    assert SECRET not in caplog.text
    assert HourlyUsage.objects.filter(client="bot").exists(), "what it cost is counted"


def test_a_comment_of_who_is_never_stored_is_not_kept(clients: Clients) -> None:
    one = caller(clients("bot", never_store=True)[1])
    id = one.post("/api/chat/", {"query": "Where?"}, format="json").json()["id"]
    body = {"id": id, "correct": False, "comment": f"It is in {SECRET}"}
    assert one.post("/api/feedback/", body, format="json").status_code == 202
    assert SECRET not in everything_in_the_database()


def test_no_store_is_the_same_for_one_request(clients: Clients, redis_client: Any, caplog: Any) -> None:
    use_everything(caller(clients("bot")[1]), SECRET, **{"Cache-Control": "no-store"})
    assert redis_client.keys("*") == []
    assert SECRET not in everything_in_the_database()
    assert SECRET not in caplog.text


def test_keys_can_be_kept_from_being_read(clients: Clients, redis_client: Any, settings: Any) -> None:
    settings.CACHE_HASH_KEYS = True
    one = caller(clients("bot")[1])
    use_everything(one, SECRET)
    names = b"\n".join(redis_client.keys("*"))
    assert b"llm:semantic:" in names
    assert SECRET.lower().encode() not in names.lower()
    response = one.post("/api/chat/", {"query": f"where is {SECRET}", "optimization_level": "quality"}, format="json")
    assert response.json()["cache"]["status"] == "hit", "the same question in other letters is still found"
