"""`semantic_reindex`: another index, or another embedder, and no entry lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.core.management import CommandError, call_command

from caching.maintenance.reindex import reindex
from caching.redis import store
from caching.semantic import replication
from caching.semantic.cache import SemanticQuery, Tier
from caching.tests.support.embeddings import Embeddings
from caching.tests.support.paraphrases import remember
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db

SCOPE = "scope"
STORED = ["what is my balance", "turn on the light", "when does the bank open", "block my card please"]


@pytest.fixture
def redis8_here(redis8: RedisServer, use_redis: Callable[[str], None]) -> redis.Redis:
    client = redis8.client()
    client.flushall()
    use_redis(redis8.url)
    return client


@pytest.fixture(params=["numpy", "vectorset"])
def each_index(request: pytest.FixtureRequest, redis8_here: redis.Redis, settings: Any) -> redis.Redis:
    """The Redis under it."""
    settings.SEMANTIC_INDEX = request.param
    return redis8_here


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Runs the command, and gives what it says."""

    def run() -> str:
        call_command("semantic_reindex")
        return capsys.readouterr().out

    return run


def fill(tier: Tier) -> None:
    for number, text in enumerate(STORED):
        remember(tier, SemanticQuery(SCOPE, text), f"llm:exact:{number}", 600)


def nearest(tier: Tier, text: str) -> str:
    return tier.matcher.index.search(tier.matcher.vector(text), SCOPE, 1)[0].entry.text


def test_from_numpy_to_a_vector_set_and_back(
    redis8_here: redis.Redis, worker: Callable[[], Tier], settings: Any, run: Callable[[], str]
) -> None:
    fill(worker())
    settings.SEMANTIC_INDEX = "vectorset"
    assert len(worker().matcher.index) == 0
    assert "4 entries, 4 added to the index" in run()
    shared = worker()
    assert [nearest(shared, text) for text in STORED] == STORED
    assert "4 entries, 0 added to the index, 0 outdated entries deleted" in run()

    redis8_here.delete("llm:query_index")
    settings.SEMANTIC_INDEX = "numpy"
    assert "4 added to the index" in run()
    assert "0 added to the index" in run()
    own = worker()
    wait_until(lambda: len(own.matcher.index) == 4)
    assert [nearest(own, text) for text in STORED] == STORED


def test_what_left_redis_meanwhile_does_not_come_back(
    each_index: redis.Redis, worker: Callable[[], Tier], run: Callable[[], str]
) -> None:
    tier = worker()
    fill(tier)
    wait_until(lambda: len(tier.matcher.index) == 4)
    each_index.delete(SemanticQuery(SCOPE, STORED[0]).key)
    assert "3 entries, 0 added to the index, 1 outdated entries deleted" in run()
    wait_until(lambda: tier.matcher.index.ids() == {"llm:exact:1", "llm:exact:2", "llm:exact:3"})


@pytest.mark.usefixtures("each_index")
def test_another_embedder_gets_an_index_of_its_own(
    worker: Callable[[], Tier], settings: Any, run: Callable[[], str], embeddings: Embeddings
) -> None:
    fill(worker())
    embeddings.choose(settings)
    changed = worker()
    assert len(changed.matcher.index) == 0
    run()
    wait_until(lambda: len(changed.matcher.index) == 4)
    assert [nearest(changed, text) for text in STORED] == STORED


def test_it_goes_on_where_it_was_stopped_and_pays_once(
    redis_client: redis.Redis,
    worker: Callable[[], Tier],
    settings: Any,
    run: Callable[[], str],
    embeddings: Embeddings,
) -> None:
    fill(worker())
    embeddings.choose(settings)
    embeddings.status = 500
    with pytest.raises(CommandError, match="Run it again"):
        run()
    embeddings.status = 200
    embeddings.texts.clear()
    steps = reindex()
    next(steps)
    run()
    run()
    assert len(embeddings.texts) == len(set(embeddings.texts)) == 4


def test_it_reads_with_scan_alone(
    redis_client: redis.Redis, worker: Callable[[], Tier], run: Callable[[], str]
) -> None:
    fill(worker())
    redis_client.config_resetstat()
    run()
    used = redis_client.info("commandstats")
    assert "cmdstat_scan" in used and "cmdstat_keys" not in used


def test_without_redis_it_says_so(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    with pytest.raises(CommandError, match="caching is off"):
        call_command("semantic_reindex")


def test_an_event_of_another_version_is_skipped(redis_client: redis.Redis) -> None:
    redis_client.xadd("llm:query_index", {"e": '{"id": "x", "unknown": 1}'})
    redis_client.xadd("llm:query_index", {"e": '{"id": "y", "text": "t", "expires": 1}'})
    assert [event.id for batch in replication.read_all() for event in batch] == ["y"]


def test_nothing_is_taken_out_of_the_index_if_redis_refuses_to_describe_its_entries(
    redis_client: redis.Redis, worker: Callable[[], Tier], use_redis: Callable[[str], None], settings: Any
) -> None:
    fill(worker())
    before = [event for events in replication.read_all() for event in events]
    url = urlsplit(settings.REDIS_URL)
    redis_client.execute_command("ACL", "SETUSER", "bob", "on", ">b", "~*", "&*", "+@all", "-memory|usage")
    try:
        use_redis(url._replace(netloc=f"bob:b@{url.hostname}:{url.port}").geturl())
        with pytest.raises(store.RedisFailed, match="permission"):
            list(reindex())
        assert [event for events in replication.read_all() for event in events] == before != []
    finally:
        redis_client.execute_command("ACL", "DELUSER", "bob")
