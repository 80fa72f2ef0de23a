from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from caching import background
from caching.policy import Policy, Quota
from caching.semantic.cache import forget_tier
from caching.tests.support.asking import Provider, ask, ask_for_stream, change_entry, spoken
from caching.tests.support.paraphrases import ASKED, PARAPHRASE, asked, question, wait_for_the_index


@pytest.fixture(autouse=True)
def stored(redis_client: redis.Redis) -> redis.Redis:
    """The tier knows ASKED and nothing else, and has learned nothing from other tests."""
    forget_tier()
    assert asked(ASKED).status == "miss"
    wait_for_the_index()
    return redis_client


@pytest.mark.parametrize("level", ["quality", "balanced", "speed"])
def test_what_is_equal_once_normalised_hits_at_every_level(level: Any) -> None:
    result = asked("um, what's my account balance", level)
    assert (result.status, result.match) == ("hit", "semantic")
    assert result.matched is not None and result.matched.tier == "normalized"
    assert result.value.choices == spoken(f"Answer to {ASKED}").choices


def test_what_means_the_same_hits_where_the_level_allows_it() -> None:
    strict = Policy("quality", write=False)
    assert ask(question(PARAPHRASE), strict, Provider(spoken("x"))).status == "miss"
    result = asked(PARAPHRASE)
    assert (result.status, result.match, result.key) == ("hit", "semantic", question(ASKED).key)
    assert result.matched is not None
    assert result.matched.question == ASKED
    assert 0.5 < result.matched.similarity <= 1
    assert result.matched.threshold <= result.matched.probability < 1


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "client:2"},
        {"provider": "openai"},
        {"model": "n"},
        {"language": "hi"},
        {"params": {"temperature": 0.1}},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": PARAPHRASE}]},
        {
            "messages": [
                {"role": "user", "content": "I have two accounts."},
                {"role": "assistant", "content": "Yes."},
                {"role": "user", "content": PARAPHRASE},
            ]
        },
    ],
)
def test_it_never_crosses_what_an_answer_depends_on(change: dict[str, Any]) -> None:
    assert asked(PARAPHRASE, "speed", **change).status == "miss"


@pytest.mark.parametrize(
    "params", [{"n": 2}, {"seed": 1}, {"tools": [{"type": "function"}]}, {"response_format": {"type": "json_object"}}]
)
def test_answers_of_a_special_form_are_for_their_own_question_only(params: dict[str, Any]) -> None:
    asked(ASKED, params=params)
    wait_for_the_index()
    assert asked("um, what's my account balance", params=params).status == "miss"


@pytest.mark.parametrize("text", ["tell me a story about the old fox " * 100, "Where is this:  my order?", "a\n\nb"])
def test_what_is_no_utterance_is_found_by_its_bytes_alone(text: str, stored: redis.Redis) -> None:
    before = {*stored.keys("llm:semantic:*")}
    asked(text)
    assert {*stored.keys("llm:semantic:*")} == before
    assert asked(f" {text}").status == "miss"
    assert asked(text).status == "hit"


def test_another_name_of_the_speaker_is_another_question() -> None:
    message = {"role": "user", "content": ASKED, "name": "ann"}
    assert asked(ASKED, messages=[message]).status == "miss"
    wait_for_the_index()
    assert asked(ASKED, messages=[{**message, "name": "bob"}]).status == "miss"


def test_what_clients_share_is_found_word_for_word_only() -> None:
    assert asked(ASKED, word_for_word=True).status == "hit"
    assert asked(f"um, {ASKED}", word_for_word=True).status == "miss"


def test_what_hit_once_hits_again_whatever_is_learned_meanwhile(stored: redis.Redis) -> None:
    before = {*stored.keys("llm:semantic:*")}
    first = asked(PARAPHRASE)
    assert {*stored.keys("llm:semantic:*")} == before, "the answer did not wait for it"
    background.run_submitted()
    again = asked(PARAPHRASE)
    assert first.matched is not None and again.matched is not None
    assert (first.matched.tier, again.matched.tier) == ("semantic", "normalized")
    assert again.key == first.key
    (alias,) = {*stored.keys("llm:semantic:*")} - before
    assert 0 < stored.ttl(alias) <= stored.ttl(first.key) + 1


def test_the_opposite_is_another_question() -> None:
    asked("turn on the light")
    wait_for_the_index()
    assert asked("turn off the light", "speed").status == "miss"


def test_the_keys_can_be_read(stored: redis.Redis) -> None:
    (key,) = stored.keys("llm:semantic:*")
    assert key.decode().split(":")[3] == "what is my account balance"  # type: ignore[union-attr]
    assert stored.exists("llm:query_index")
    assert 0 < stored.ttl(key) <= 1800


def test_an_answer_that_was_evicted_is_a_miss(stored: redis.Redis) -> None:
    stored.delete(question(ASKED).key)
    assert asked(PARAPHRASE).status == "miss"


def test_a_flush_by_a_stranger_does_no_harm(stored: redis.Redis) -> None:
    stored.flushall()
    assert asked(PARAPHRASE).status == "miss"
    wait_for_the_index()
    assert asked("please could you tell me my account balance").status == "hit"


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["shadow", "off"])
def test_in_other_modes_nothing_is_served_by_meaning(settings: Any, mode: str) -> None:
    settings.SEMANTIC_MODE = mode
    assert asked(PARAPHRASE).status == "miss"


@pytest.mark.parametrize(("max_age", "status"), [(50, "miss"), (200, "hit")])
def test_max_age_holds_here_too(stored: redis.Redis, max_age: int, status: str) -> None:
    change_entry(stored, question(ASKED).key, lambda entry: {**entry, "created": entry["created"] - 100})
    result = ask(question(PARAPHRASE), Policy("speed", max_age=max_age), Provider(spoken("x")))
    assert result.status == status


def test_without_redis_nothing_is_looked_for(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    assert asked(PARAPHRASE).status == "bypass"


def test_a_stream_may_be_answered_so_too() -> None:
    provider = Provider(spoken("x"))
    result = ask_for_stream(question(PARAPHRASE), Policy("speed"), provider)
    assert result.match == "semantic"
    assert provider.calls == 0
    assert len(list(result.value)) > 2


def test_a_hit_that_is_kept_for_the_same_words_says_who_wrote_it(stored: redis.Redis) -> None:
    assert asked(PARAPHRASE, asked_by="somebody").matched is not None
    background.run_submitted()
    kept: Any = [json.loads(stored.get(name) or b"{}") for name in stored.keys("llm:semantic:*")]
    assert sorted(value["by"] for value in kept) == ["somebody", "tester"]


def test_a_quota_holds_for_those_too(stored: redis.Redis) -> None:
    before = len(stored.keys("llm:semantic:*"))
    policy = Policy("speed", quota=Quota("1", 0))
    assert ask(question(PARAPHRASE), policy, Provider(spoken("never asked"))).status == "hit"
    background.run_submitted()
    assert len(stored.keys("llm:semantic:*")) == before


@pytest.mark.django_db
@pytest.mark.parametrize(("threshold", "status"), [(0.5, "hit"), (1.0, "miss")])
def test_the_threshold_of_a_rule_takes_the_place_of_what_was_learned(threshold: float, status: str) -> None:
    result = ask(question(PARAPHRASE), Policy("speed", threshold=threshold), Provider(spoken("x")))
    assert result.status == status
