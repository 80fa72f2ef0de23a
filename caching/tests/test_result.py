from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from caching import metrics, result
from caching.entry import CacheEntry
from caching.policy import Policy
from caching.pricing.usage import Usage
from caching.semantic.cache import Match

USAGE = Usage(characters=3)
KEY = "stt:openai:a"


def entry_of(age: int, ttl: int = 900) -> CacheEntry[str]:
    return CacheEntry("value", USAGE, time.time() - age, ttl, "balanced")


def counted() -> dict[str, float]:
    counters = {"hit": metrics.HITS, "miss": metrics.MISSES, "bypass": metrics.BYPASSES}
    figures = {name: counter.labels("stt", "balanced")._value.get() for name, counter in counters.items()}
    return {**figures, "stale": metrics.STALE.labels("stt")._value.get()}


def counts_of(call: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    before = counted()
    made = call()
    return made, {name: after - before[name] for name, after in counted().items() if after != before[name]}


def test_a_hit_is_counted_with_what_its_entry_says(redis_client: Any) -> None:
    hit, counts = counts_of(lambda: result.hit("stt", KEY, Policy(), entry_of(100), subject="x"))
    assert counts == {"hit": 1}
    assert (hit.value, hit.status, hit.key, hit.age, hit.ttl) == ("value", "hit", KEY, 100, 800)
    assert (hit.stored, hit.stale, hit.match, hit.billed, hit.collapsed) == (True, False, "exact", USAGE, False)


def test_a_stale_hit_is_counted_as_such_too(redis_client: Any) -> None:
    hit, counts = counts_of(lambda: result.hit("stt", KEY, Policy(stale=True), entry_of(1000), subject="x"))
    assert counts == {"hit": 1, "stale": 1}
    assert (hit.stale, hit.ttl) == (True, -100)


def test_a_semantic_hit_names_the_earlier_question(redis_client: Any) -> None:
    match = Match(KEY, "What is it?", "semantic", "pair")
    hit = result.hit("stt", KEY, Policy(), entry_of(0), subject="x", matched=match)
    assert (hit.match, hit.matched) == ("semantic", match)


def test_a_miss_of_the_leader_is_billed_and_one_of_a_follower_served(redis_client: Any) -> None:
    led, counts = counts_of(lambda: result.miss("stt", KEY, Policy(), "value", subject="x", stored=True, usage=USAGE))
    followed = result.miss("stt", KEY, Policy(), "value", subject="x", leads=False, usage=USAGE)
    assert counts == {"miss": 1}
    assert (led.status, led.ttl, led.billed, led.served, led.collapsed) == ("miss", 900, USAGE, Usage(), False)
    assert (followed.ttl, followed.billed, followed.served, followed.collapsed) == (0, Usage(), USAGE, True)


def test_a_follower_whose_usage_is_unknown_is_served_nothing_known(redis_client: Any) -> None:
    followed = result.miss("stt", KEY, Policy(), "value", subject="x", leads=False)
    assert (followed.billed, followed.served) == (Usage(), Usage())
    assert result.miss("stt", KEY, Policy(), "value", subject="x").billed is None


def test_a_request_that_does_not_read_or_has_no_redis_is_a_bypass(use_redis: Callable[[str], None]) -> None:
    assert result.status_without_hit(Policy()) == "miss"
    assert result.status_without_hit(Policy(read=False)) == "bypass"
    assert result.status_without_hit(Policy(write=False)) == "miss"
    use_redis("")
    assert result.status_without_hit(Policy()) == "bypass"


def test_only_if_cached_is_counted_and_raised(redis_client: Any) -> None:
    def call() -> None:
        with pytest.raises(result.NothingCached):
            result.leave_lookup("stt", Policy(only_if_cached=True), subject=lambda: "x")

    assert counts_of(call)[1] == {"miss": 1}
    assert counts_of(lambda: result.leave_lookup("stt", Policy(), subject=lambda: "x"))[1] == {}


def test_one_line_is_logged_for_each_request(caplog: pytest.LogCaptureFixture, redis_client: Any) -> None:
    caplog.set_level(logging.INFO, "caching")
    result.count("tts", "hit", Policy(), "voice: hi")
    result.count("llm", "bypass", Policy(), "query: Hello")
    assert caplog.messages == ["TTS cache hit for voice: hi", "LLM cache bypass for query: Hello"]


def test_another_value_leaves_the_rest_of_a_result(redis_client: Any) -> None:
    hit = result.hit("stt", KEY, Policy(), entry_of(0), subject="x")
    other = result.with_value(hit, 5)
    assert (other.value, other.key, other.billed) == (5, KEY, USAGE)
