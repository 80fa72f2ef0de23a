"""Streams, and many who ask the same at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from caching.coordination import lease, single_flight
from caching.llm.stream import joined
from caching.policy import Policy
from caching.tests.support.asking import QUESTION, Fresh, Provider, ask, ask_for_stream, not_stored, spoken
from speechsite.tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def exact_only(redis_client: redis.Redis, settings: Any) -> None:
    """An empty cache, and only what is equal hits; what means the same has tests of its own."""
    settings.SEMANTIC_MODE = "off"


def put_together(chunks: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return joined(chunks).choices


def test_a_streamed_answer_is_served_whole_and_the_other_way_round(redis_client: redis.Redis) -> None:
    provider = Provider(spoken("It is sunny today.", reasoning_content="Let me look."))
    streamed = ask_for_stream(QUESTION, Policy(), provider)
    assert streamed.status == "miss"
    assert put_together(streamed.value) == provider.answer.choices
    assert ask(QUESTION, Policy(), provider).value.choices == provider.answer.choices
    again = ask_for_stream(QUESTION, Policy(), provider)
    assert again.status == "hit"
    chunks = list(again.value)
    assert put_together(iter(chunks)) == provider.answer.choices
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert len(chunks) > 6
    assert chunks[-1] == {**chunks[-1], "choices": [], "usage": {"total_tokens": 7}}
    assert provider.calls == 1


def test_a_stream_that_breaks_off_is_not_stored(redis_client: redis.Redis) -> None:
    result = ask_for_stream(QUESTION, Policy(), Provider(spoken("It is sunny."), breaks_off=True))
    with pytest.raises(RuntimeError):
        list(result.value)
    assert not redis_client.keys("llm:*")


def test_a_stream_without_its_end_is_not_stored(redis_client: redis.Redis) -> None:
    list(ask_for_stream(QUESTION, Policy(), Provider(spoken("It is sunny.", finish_reason=""))).value)
    assert not redis_client.keys("llm:*")


CONTRADICTORY = [
    {"choices": [{"index": 0, "delta": {"content": "Sunny.", "x_state": "a"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"x_state": "b"}, "finish_reason": "stop"}]},
]


def test_chunks_that_contradict_each_other_are_passed_on_and_not_stored(redis_client: redis.Redis) -> None:
    before = not_stored("assembly")
    provider = Provider(spoken("x"))
    provider.stream = lambda: iter(CONTRADICTORY)  # type: ignore[method-assign]
    assert list(ask_for_stream(QUESTION, Policy(), provider).value) == CONTRADICTORY
    assert not redis_client.keys("llm:*")
    assert not_stored("assembly") == before + 1


def test_a_whole_caller_does_not_share_chunks_that_contradict_each_other(redis_client: redis.Redis) -> None:
    provider = Provider(spoken("It is sunny."))
    provider.stream = lambda: iter(CONTRADICTORY)  # type: ignore[method-assign]
    leader = ask_for_stream(QUESTION, Policy(), provider).value
    next(leader)
    with ThreadPoolExecutor(1) as pool:
        follower = pool.submit(ask, QUESTION, Policy(), provider)
        time.sleep(0.2)
        list(leader)
        assert follower.result().value.choices == spoken("It is sunny.").choices


def test_a_stream_whose_reader_goes_away_is_finished_and_stored(redis_client: redis.Redis) -> None:
    result = ask_for_stream(QUESTION, Policy(), Provider(spoken("It is sunny today.")))
    next(result.value)
    result.value.close()  # type: ignore[attr-defined]
    wait_until(lambda: redis_client.exists(QUESTION.key))
    assert ask(QUESTION, Policy(), Provider(spoken("x"))).value.choices == spoken("It is sunny today.").choices


@pytest.mark.parametrize("kinds", ["whole", "stream", "mixed"])
def test_identical_questions_at_once_are_asked_once(redis_client: redis.Redis, kinds: str) -> None:
    provider = Provider(spoken("It is sunny today."))
    slow = provider.whole, provider.stream

    def whole() -> Fresh:
        time.sleep(0.3)
        return slow[0]()

    def stream() -> Iterator[dict[str, Any]]:
        time.sleep(0.3)
        yield from slow[1]()

    provider.whole, provider.stream = whole, stream  # type: ignore[method-assign]

    def call(number: int) -> list[dict[str, Any]]:
        if kinds == "whole" or (kinds == "mixed" and number % 2):
            return ask(QUESTION, Policy(), provider).value.choices
        return put_together(ask_for_stream(QUESTION, Policy(), provider).value)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(call, range(12)))
    assert answers == [spoken("It is sunny today.").choices] * 12
    assert provider.calls == 1


def test_a_leader_without_followers_passes_on_the_very_chunks_of_its_source(redis_client: redis.Redis) -> None:
    chunks = [{"choices": [{"index": 0, "delta": {"content": "Sunny."}, "finish_reason": "stop"}]}]
    provider = Provider(spoken("x"))
    provider.stream = lambda: iter(chunks)  # type: ignore[method-assign]
    [chunk] = ask_for_stream(QUESTION, Policy(), provider).value
    assert chunk is chunks[0]
    assert not redis_client.keys("flight:*")


def test_a_late_follower_gets_all_chunks_from_the_first(redis_client: redis.Redis) -> None:
    provider = Provider(spoken("It is sunny today."))
    leader = ask_for_stream(QUESTION, Policy(), provider).value
    seen = [next(leader), next(leader)]
    follower = ask_for_stream(QUESTION, Policy(), provider)
    with ThreadPoolExecutor(1) as pool:
        followed = pool.submit(list, follower.value)
        seen += leader
        assert followed.result() == seen
    assert (follower.collapsed, provider.calls) == (True, 1)


def follow_a_leader_that_dies(client: Any, said: str) -> Iterator[dict[str, Any]]:
    """Return the stream of a follower of a leader that dies after it has `said` this."""
    name = f"flight:{QUESTION.key}"
    chunk = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": said}}]}
    client.xadd(f"{name}:dead", {"item": json.dumps({"chunk": chunk})})
    client.set(name, "dead", px=int(lease.SECONDS * 1000))
    return ask_for_stream(QUESTION, Policy(), Provider(spoken("It is sunny today."))).value


def test_a_follower_whose_leader_dies_goes_on_where_it_was(redis_client: redis.Redis) -> None:
    chunks = follow_a_leader_that_dies(redis_client, "It is su")
    assert put_together(chunks) == spoken("It is sunny today.").choices
    assert ask(QUESTION, Policy(), Provider(spoken("x"))).value.choices == spoken("It is sunny today.").choices


def test_a_follower_whose_leader_dies_never_mixes_two_answers(redis_client: redis.Redis) -> None:
    chunks = follow_a_leader_that_dies(redis_client, "It rains")
    with pytest.raises(single_flight.LeaderLost):
        list(chunks)
