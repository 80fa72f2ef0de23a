"""The whole cache on a real cluster of three nodes: every key may lie on another one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.crc import key_slot

from caching import shared_scope, tts
from caching.coordination import rate_limit
from caching.llm import cache as llm
from caching.maintenance import browse, erasure, flush
from caching.maintenance.selection import Selection
from caching.policy import Policy, Quota
from caching.pricing.usage import Usage
from caching.redis import scan, store
from caching.redis.doctor import examine_redis
from caching.redis.health import keys_by_kind, redis_health
from caching.semantic.cache import forget_tier, tier
from caching.semantic.indexes import get_index
from caching.semantic.indexes.base import Entry
from caching.tests.semantic.test_vectorset import entry, found, vector
from caching.tests.support.asking import FAILURES, Provider, ask_for_stream, spoken
from caching.tests.support.paraphrases import ASKED, PARAPHRASE, asked, question, wait_for_the_index
from speechsite.server.private_redis import free_port
from speechsite.tests.support.redis_cluster import SLOTS, RedisCluster
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def three_nodes() -> Iterator[RedisCluster]:
    with RedisCluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(three_nodes: RedisCluster, use_redis: Callable[[str], None]) -> Iterator[RedisCluster]:
    three_nodes.empty()
    use_redis(three_nodes.url)
    yield three_nodes
    forget_tier()


def utterance(number: int) -> tts.Utterance:
    return tts.Utterance("client:1", "espeak", "hi", f"Sentence {number}.", {}, "wav")


def speak(count: int) -> list[tts.Utterance]:
    spoken = [utterance(number) for number in range(count)]
    assert all(tts.remember(one, b"RIFF", Policy(), Usage(characters=9)) for one in spoken)
    return spoken


def test_answers_come_from_all_nodes(cluster: RedisCluster) -> None:
    questions = [question(f"What is {number}?") for number in range(30)]
    for one in questions:
        assert store.put(one.key, {"v": 1}, 60)
    assert all(client.dbsize() for client in cluster.clients())
    assert store.get_many([one.key for one in questions]) == [{"v": 1}] * 30
    assert store.delete([one.key for one in questions]) == 30


def test_an_answer_is_shared_stored_and_found(cluster: RedisCluster) -> None:
    assert asked(ASKED).status == "miss"
    assert asked(ASKED).status == "hit"
    provider = Provider(spoken("A word."))
    assert list(ask_for_stream(question("Another?"), Policy(), provider).value)
    assert ask_for_stream(question("Another?"), Policy(), provider).status == "hit"
    assert provider.calls == 1


def test_many_callers_share_one_flight(cluster: RedisCluster) -> None:
    led, items = llm.single_flight.share("a:b", lambda: iter([b"1", b"2"]), failures=FAILURES, patience=5)
    nothing: list[bytes] = []
    follows, others = llm.single_flight.share("a:b", lambda: iter(nothing), failures=FAILURES, patience=5)
    assert (led, follows) == (True, False)
    assert list(items) == list(others) == [b"1", b"2"]


def test_the_sentences_of_a_text_are_read_at_once(cluster: RedisCluster) -> None:
    spoken = speak(20)
    assert [found and found.value for found in tts.lookup(spoken, Policy())] == [b"RIFF"] * 20


def test_a_paraphrase_is_found(cluster: RedisCluster) -> None:
    asked(ASKED)
    wait_for_the_index()
    assert asked(PARAPHRASE, "speed").match == "semantic"


def test_it_is_walked_over_node_by_node(cluster: RedisCluster) -> None:
    speak(60)
    assert sorted(name for step in scan.scan_all() for name in step) == sorted(
        utterance(number).key for number in range(60)
    )
    names: list[str] = []
    cursor = 0
    while page := browse.browse(Selection(pattern="tts:*"), cursor=cursor, count=10):
        names += [row.stored.key for row in page.rows]
        cursor = page.cursor
        if not cursor:
            break
    assert len(names) == len(set(names)) == 60
    assert scan.size() == 60
    assert keys_by_kind().by_kind["tts"] == 60
    assert redis_health().status == "up"


def test_a_flush_takes_what_is_selected_from_all_nodes(cluster: RedisCluster) -> None:
    speak(30)
    asked(ASKED)
    *_, last = flush.flush(Selection(pattern="tts:*"))
    assert last.removed == 30
    assert {name.split(":")[0] for step in scan.scan_all() for name in step} == {"llm"}


def test_limits_and_shared_questions_are_counted(cluster: RedisCluster, settings: Any) -> None:
    settings.SHARED_SCOPE_CLIENTS = 2
    for name in "abcdef":
        assert [rate_limit.take(name, 1) > 0 for _ in range(2)] == [False, True]
        assert rate_limit.within(Quota(name, 1)) and not rate_limit.within(Quota(name, 1))
    assert shared_scope.admitted(list("abcdef"), "1") == [False] * 6
    assert shared_scope.admitted(list("abcdef"), "2") == [True] * 6


def test_the_doctor_finds_nothing_wrong_with_it(cluster: RedisCluster) -> None:
    findings = list(examine_redis(cluster.url))
    assert {finding.step: finding.status for finding in findings if finding.status == "error"} == {}
    assert "3 primaries" in next(finding.message for finding in findings if finding.step == "cluster")


def test_the_doctor_tells_a_cluster_from_a_single_redis(cluster: RedisCluster) -> None:
    single = f"redis://127.0.0.1:{cluster.servers[0].port}/0"
    refused = [finding for _ in range(20) for finding in examine_redis(single) if finding.status == "error"]
    assert refused and "redis+cluster://" in refused[0].remedy
    with RedisServer() as alone:
        *_, last = examine_redis(f"redis+cluster://127.0.0.1:{alone.port}/0")
    assert (last.status, last.remedy) == ("error", "Write redis:// instead of redis+cluster:// in REDIS_URL")


def test_the_doctor_names_each_node_that_does_not_answer(cluster: RedisCluster) -> None:
    dead = free_port()
    findings = list(examine_redis(f"redis+cluster://127.0.0.1:{dead},127.0.0.1:{cluster.servers[0].port}/0"))
    assert [(f.status, str(dead) in f.message) for f in findings if f.step == "cluster"] == [
        ("warning", True),
        ("ok", False),
    ]


def test_a_cluster_that_loses_a_node_is_away_until_it_is_back(use_redis: Callable[[str], None]) -> None:
    with RedisCluster() as cluster:
        use_redis(cluster.url)
        assert store.put("llm:exact:a", {"v": 1}, 60)
        cluster.servers[0].pause()
        wait_until(lambda: cluster.state_of(1) == "fail", 60)
        assert store.get("llm:exact:a") is None
        wait_until(lambda: not store.available(), 60)
        assert store.put("llm:exact:b", {"v": 1}, 60) is False
        cluster.servers[0].resume()
        wait_until(lambda: store.put("llm:exact:b", {"v": 1}, 60), 60)
        wait_until(lambda: store.get("llm:exact:a") == {"v": 1}, 60)


@pytest.mark.parametrize("fault", ["kill", "pause"])
def test_a_node_that_is_gone_costs_its_own_slots_only(
    use_redis: Callable[[str], None], fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"llm:exact:{number}" for number in range(30)]
    with RedisCluster() as cluster:
        for client in cluster.clients():
            client.config_set("cluster-require-full-coverage", "no")
        use_redis(cluster.url)
        assert all(store.put(name, {"v": 1}, 600) for name in names)
        lost = range(SLOTS // 3, 2 * SLOTS // 3)
        there = [name for name in names if key_slot(name.encode()) not in lost]
        assert 0 < len(there) < len(names)
        getattr(cluster.servers[1], fault)()
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert [name for name in names if store.get(name)] == there
            assert store.available()
        assert "Lost connection" not in caplog.text
        if fault == "pause":
            cluster.servers[1].resume()
            wait_until(lambda: all(store.get(name) for name in names), 60)


def test_a_cluster_that_is_not_there_is_a_miss(use_redis: Callable[[str], None]) -> None:
    use_redis(f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{free_port()}")
    started = time.monotonic()
    assert store.get("llm:exact:a") is None
    assert not store.available()
    assert time.monotonic() - started < 30


def test_a_vector_set_of_each_scope_lies_where_it_falls(
    redis8: RedisServer, use_redis: Callable[[str], None], settings: Any
) -> None:
    settings.SEMANTIC_INDEX = "vectorset"
    with RedisCluster(os.environ.get("REDIS8_SERVER")) as cluster:
        use_redis(cluster.url)
        where = get_index("vectorset", 8, 20)
        for number in range(30):
            scope = f"scope{number % 10}"
            where.add(Entry(f"e{number}", scope, "", expires=entry("x").expires + number), vector(number))
        assert len(where) == 20
        assert found(where, 25, "scope5")[0] == "e25"
        assert found(where, 5, "scope5") != ["e5"]
        assert where.remove(["e25", "e26", "unknown"]) == 2
        assert len(where) == 18
        asked(ASKED)
        assert asked(PARAPHRASE, "speed").match == "semantic"
        assert len(tier().matcher.index) == 1
        forget_tier()


def test_the_counters_of_a_client_are_forgotten_on_all_nodes(cluster: RedisCluster) -> None:
    rate_limit.take("5", 10)
    assert rate_limit.within(Quota("5", 10))
    names = [f"name {number}" for number in range(20)]
    shared_scope.admitted(names, "5")
    shared_scope.admitted(names, "6")
    erasure._erase_counters("5")
    left = [name for client in cluster.clients() for name in client.scan_iter()]
    assert len(left) == 20 and all(name.startswith(b"asked:") for name in left)
    assert shared_scope.admitted(names, "5") == [True] * 20, "the other one is still counted"
