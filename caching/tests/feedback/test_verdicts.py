"""What follows from a verdict, whoever gives it, in this process and in others."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
import redis

from caching import keys, metrics
from caching.feedback import thresholds, verdicts
from caching.feedback.sync import VerdictSync
from caching.feedback.verdicts import Use
from caching.maintenance import erasure
from caching.models import BarChange, Judge, Judgement, Verdict
from caching.redis import store
from caching.semantic.scoring.pair_verdicts import learned
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db

USE = Use("0123456789abcdef", "llm:exact:1", "ab" * 12, "balanced", "bot", "How old am I?", "What is my age?", 0.97)


@pytest.fixture(autouse=True)
def entry(redis_client: redis.Redis) -> None:
    store.put(USE.key, {"answer": "Ten."}, 600)


def counted(judge: Judge, verdict: Verdict) -> float:
    return float(metrics.JUDGEMENTS.labels("balanced", judge, verdict)._value.get())


@pytest.mark.parametrize("judge", [Judge.CLIENT, Judge.STAFF, Judge.MODEL])
def test_wrong_removes_the_answer_and_its_pair_is_remembered(judge: Judge) -> None:
    assert verdicts.give(USE, judge, Verdict.WRONG) == 1
    assert store.get(USE.key) is None and learned.verdict(USE.pair) is False


@pytest.mark.parametrize("judge", [Judge.PROMOTION, Judge.MODEL, Judge.STAFF])
def test_what_was_wrong_and_never_given_stays_for_those_who_ask_the_other_question(judge: Judge) -> None:
    assert verdicts.give(replace(USE, given=False), judge, Verdict.WRONG) == 0
    assert store.get(USE.key) and learned.verdict(USE.pair) is False


@pytest.mark.parametrize(
    ("judge", "known"), [(Judge.CLIENT, None), (Judge.STAFF, True), (Judge.MODEL, True), (Judge.PROMOTION, True)]
)
def test_right_removes_nothing_and_a_client_vouches_for_nobody(judge: Judge, known: bool | None) -> None:
    assert verdicts.give(USE, judge, Verdict.RIGHT) == 0
    assert store.get(USE.key) and learned.verdict(USE.pair) is known


def test_an_answer_to_its_own_question_is_removed_and_no_pair_is_remembered() -> None:
    assert verdicts.give(replace(USE, pair=""), Judge.CLIENT, Verdict.WRONG) == 1
    assert store.get(USE.key) is None and not learned._pairs


def test_the_same_verdict_counts_once() -> None:
    before = counted(Judge.CLIENT, Verdict.WRONG)
    removed = [verdicts.give(USE, Judge.CLIENT, Verdict.WRONG, "no!") for _ in range(3)]
    assert removed == [1, 0, 0]
    assert Judgement.objects.get().comment == "no!" and counted(Judge.CLIENT, Verdict.WRONG) == before + 1


def test_a_client_that_changes_its_mind_does_not_bring_the_pair_back_but_staff_do() -> None:
    for judge, verdict in ((Judge.CLIENT, Verdict.WRONG), (Judge.CLIENT, Verdict.RIGHT), (Judge.MODEL, Verdict.RIGHT)):
        verdicts.give(USE, judge, verdict)
    assert learned.verdict(USE.pair) is False
    verdicts.give(USE, Judge.STAFF, Verdict.RIGHT)
    assert learned.verdict(USE.pair) is True


def test_no_text_is_kept_where_none_may_be(settings: Any) -> None:
    settings.LOG_TEXTS = False
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG, "no!")
    row = Judgement.objects.get()
    assert {row.question, row.matched, row.comment} == {"[hidden]"} and row.pair == USE.pair


def test_another_process_learns_it_when_redis_says_that_there_is_something_new() -> None:
    other = VerdictSync()
    assert other.load()
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    learned._pairs.clear()
    other.poll()
    assert learned.verdict(USE.pair) is False


def another_process() -> VerdictSync:
    """One that knows all that was judged so far; what it hears goes to `learned`, which is emptied to see it come."""
    other = VerdictSync()
    other.poll()
    return other


def heard_by(other: VerdictSync) -> bool | None:
    learned._pairs.clear()
    other.poll()
    return learned.verdict(USE.pair)


def test_another_process_learns_it_though_redis_was_emptied_before_it_looked(redis_client: redis.Redis) -> None:
    other = another_process()
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    redis_client.flushall()
    assert heard_by(other) is False


def test_another_process_learns_it_though_a_third_one_noticed_first_that_redis_was_emptied(
    redis_client: redis.Redis,
) -> None:
    other, third = another_process(), another_process()
    other.poll()
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    redis_client.flushall()
    assert heard_by(third) is False
    assert heard_by(other) is False


def test_another_process_learns_it_though_a_full_redis_took_no_word_of_it(use_redis: Callable[[str], None]) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        other = another_process()
        server.client().config_set("maxmemory", 1)
        verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
        assert heard_by(other) is False


def test_what_was_judged_while_redis_was_away_is_learned_when_it_is_back(use_redis: Callable[[str], None]) -> None:
    with RedisServer() as server:
        use_redis(server.url)
        cut_off, other = another_process(), another_process()
        cut_off.poll()
        other.poll()
        store._breaker.trip("the network of one process fails")
        verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
        cut_off.poll()
        # On a busy machine the breaker may open once more between two looks.
        assert wait_until(lambda: store.available() and heard_by(cut_off) is False)
        assert heard_by(other) is False


def test_nothing_is_read_again_once_all_processes_know_it(
    redis_client: redis.Redis, django_assert_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    redis_client.flushall()
    followers = [VerdictSync() for _ in range(3)]
    for follower in followers * 3:
        follower.poll()
    with django_assert_num_queries(0):
        for follower in followers:
            follower.poll()


def test_it_goes_on_whatever_it_meets() -> None:
    class Stumbling(VerdictSync):
        looked = 0

        def poll(self) -> None:
            self.looked += 1
            raise LookupError("of a kind that nobody expected")

    follower = Stumbling()
    follower.start()
    wait_until(lambda: follower.looked >= 2)
    follower.stop()


def test_it_reads_nothing_as_long_as_nothing_is_new(django_assert_num_queries: Any) -> None:
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    other = VerdictSync()
    other.poll()
    with django_assert_num_queries(0):
        other.poll()


def test_whoever_empties_redis_takes_nothing_of_it_away(redis_client: redis.Redis) -> None:
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    BarChange.objects.create(level="speed", number=1, steps=3, bar=0.95, judged=9, wrong=9, reason="a test")
    redis_client.flushall()
    running = VerdictSync()
    running.poll()
    assert learned.verdict(USE.pair) is False
    learned._pairs.clear()
    started_anew = VerdictSync()
    started_anew.load()
    assert learned.verdict(USE.pair) is False and learned.steps == thresholds.steps() == {"speed": 3}


def test_what_is_in_redis_can_be_read(redis_client: redis.Redis) -> None:
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG)
    first = store.get(keys.LEARNED)
    assert first is not None and first["v"] == 1 and re.fullmatch("[0-9a-f]{16}", first["change"])
    verdicts.give(USE, Judge.CLIENT, Verdict.RIGHT)
    assert store.get(keys.LEARNED) not in (None, first)
    assert redis_client.ttl("llm:query_index:learned") > 0


def test_a_client_that_is_forgotten_leaves_no_text_but_its_pairs_stay_apart() -> None:
    verdicts.give(USE, Judge.CLIENT, Verdict.WRONG, "no!")
    verdicts.give(replace(USE, match="f" * 16), Judge.CLIENT, Verdict.RIGHT)
    assert erasure.forget(USE.client, "1").reviews == 2
    row = Judgement.objects.get()
    assert (row.pair, row.verdict) == (USE.pair, "wrong")
    assert {row.client, row.key, row.question, row.matched, row.comment} == {""}
