from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from caching.llm import cache as llm
from caching.policy import Policy
from caching.result import NothingCached
from caching.tests.support.asking import (
    QUESTION,
    TOOL_CALLS,
    Fresh,
    Provider,
    ask,
    ask_for_stream,
    change_entry,
    not_stored,
    spoken,
)


def counted(name: str, level: str = "balanced") -> float:
    return REGISTRY.get_sample_value(name, {"cache_type": "llm", "optimization_level": level}) or 0.0


@pytest.fixture(autouse=True)
def exact_only(redis_client: Any, settings: Any) -> None:
    """An empty cache, and only what is equal hits; what means the same has tests of its own."""
    settings.SEMANTIC_MODE = "off"


def test_it_asks_once_and_remembers(redis_client: Any) -> None:
    provider = Provider(spoken("Sunny."))
    first = ask(QUESTION, Policy(), provider)
    second = ask(QUESTION, Policy(), provider)
    assert (first.status, first.stored, second.status, second.match) == ("miss", True, "hit", "exact")
    assert second.value.choices == first.value.choices
    assert second.value.usage == {"total_tokens": 7}
    assert provider.calls == 1


def test_the_entry_can_be_read_by_people(redis_client: Any) -> None:
    ask(QUESTION, Policy("quality"), Provider(spoken("धूप है।")))
    (key,) = redis_client.keys("llm:*")
    assert key.decode() == QUESTION.key
    raw = redis_client.get(key).decode()
    entry = json.loads(raw)
    assert "धूप है।" in raw
    assert entry["question"] == "What is the weather?"
    assert (entry["model"], entry["level"], entry["by"]) == ("model-1", "quality", "tester")
    assert entry["usage"] == {"total_tokens": 7}
    assert entry["created"] > 1_700_000_000


@pytest.mark.parametrize("asks", [ask, ask_for_stream])
def test_what_somebody_remembers_between_look_up_and_lease_is_not_asked_for_again(
    asks: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(question: llm.ChatQuery, policy: Policy) -> None:
        assert llm.remember(question, spoken("Sunny."), policy)

    monkeypatch.setattr(llm.semantic_lookup, "find", find)
    provider = Provider(spoken("Rainy."))
    assert asks(QUESTION, Policy(), provider).status == "hit"
    assert provider.calls == 0


@pytest.mark.parametrize(("level", "seconds"), [("quality", 3600), ("balanced", 1800), ("speed", 600)])
def test_the_level_sets_the_time_to_live_and_a_hit_does_not_extend_it(
    redis_client: Any, level: Any, seconds: int
) -> None:
    ask(QUESTION, Policy(level), Provider(spoken("Sunny.")))
    assert seconds - 30 < redis_client.ttl(QUESTION.key) <= seconds
    redis_client.expire(QUESTION.key, 100)
    assert ask(QUESTION, Policy(level), Provider(spoken("x"))).status == "hit"
    assert redis_client.ttl(QUESTION.key) <= 100


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "client:2"},
        {"provider": "openai"},
        {"model": "n"},
        {"messages": [{"role": "user", "content": "What is the weather"}]},
        {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is the weather?"}]},
        {"params": {"temperature": 0.2}},
        {"language": "hi"},
    ],
)
def test_a_question_that_differs_in_anything_is_another_question(change: dict[str, Any]) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Sunny.")))
    assert ask(replace(QUESTION, **change), Policy(), Provider(spoken("Other."))).status == "miss"


def test_who_asked_is_not_part_of_the_question() -> None:
    assert replace(QUESTION, asked_by="somebody else").key == QUESTION.key


def test_no_cache_answers_anew_and_stores(redis_client: Any) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Old.")))
    fresh = ask(QUESTION, Policy(read=False), Provider(spoken("New.")))
    assert (fresh.status, fresh.stored) == ("bypass", True)
    again = ask(QUESTION, Policy(), Provider(spoken("x")))
    assert again.value.choices[0]["message"]["content"] == "New."


def test_no_store_leaves_no_trace(redis_client: Any) -> None:
    result = ask(QUESTION, Policy(read=False, write=False), Provider(spoken("Sunny.")))
    assert (result.status, result.stored, result.ttl) == ("bypass", False, 0)
    assert not redis_client.keys("llm:*")


def test_max_age_refuses_what_is_older(redis_client: Any) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Old.")))
    change_entry(redis_client, QUESTION.key, lambda entry: {**entry, "created": entry["created"] - 100})
    assert 100 <= ask(QUESTION, Policy(max_age=200), Provider(spoken("x"))).age < 130
    assert ask(QUESTION, Policy(max_age=50), Provider(spoken("New."))).status == "miss"


def test_only_if_cached_never_asks() -> None:
    provider = Provider(spoken("Sunny."))
    with pytest.raises(NothingCached):
        ask(QUESTION, Policy(only_if_cached=True), provider)
    assert provider.calls == 0


@pytest.mark.parametrize(
    "fresh",
    [
        spoken(""),
        spoken("   "),
        spoken(None),
        spoken("Half an", finish_reason="length"),
        spoken("Filtered", finish_reason="content_filter"),
        spoken(None, finish_reason="tool_calls"),
        Fresh([]),
        Fresh([spoken("One.").choices[0], spoken("Half", finish_reason="length").choices[0]]),
        spoken("Paused.", finish_reason="pause_turn"),
        spoken("Failed.", finish_reason="error"),
        spoken(None, finish_reason="function_call"),
        spoken(None, refusal="I cannot."),
    ],
)
def test_what_must_not_be_cached_is_served_and_not_stored(redis_client: Any, fresh: Fresh) -> None:
    result = ask(QUESTION, Policy(), Provider(fresh))
    assert result.value.choices == fresh.choices
    assert not result.stored
    assert not redis_client.keys("llm:*")


@pytest.mark.parametrize("asks", [ask, ask_for_stream])
def test_json_that_is_cut_off_is_asked_for_again(asks: Callable[..., Any]) -> None:
    wanted = replace(QUESTION, params={"response_format": {"type": "json_object"}})
    provider = Provider(spoken('{"city": "Os'))
    for calls in (1, 2):
        result = asks(wanted, Policy(), provider)
        if asks is ask_for_stream:
            list(result.value)
        assert (result.status, provider.calls) == ("miss", calls)
    assert ask(wanted, Policy(), Provider(spoken('{"city": "Oslo"}'))).stored


@pytest.mark.parametrize(
    "fresh",
    [
        spoken(None, finish_reason="tool_calls", tool_calls=TOOL_CALLS),
        spoken(None, tool_calls=TOOL_CALLS),
        spoken(None, finish_reason="function_call", function_call={"name": "weather", "arguments": "{}"}),
        spoken(None, function_call={"name": "weather", "arguments": "{}"}),
        spoken(None, audio={"id": "audio_1", "data": "UklGRg==", "transcript": "Sunny.", "expires_at": 9}),
        spoken("", images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]),
        spoken("Sunny.", refusal=None, annotations=[]),
        spoken("Sunny.", reasoning_content="Let me think."),
        spoken([{"type": "text", "text": "Sunny."}]),
        Fresh([spoken("One.").choices[0], {**spoken("Two.").choices[0], "index": 1}]),
        Fresh([{**spoken("Sunny.").choices[0], "logprobs": {"content": [{"token": "Sunny", "logprob": -0.1}]}}]),
    ],
)
def test_everything_that_an_answer_holds_survives(fresh: Fresh) -> None:
    ask(QUESTION, Policy(), Provider(fresh))
    assert ask(QUESTION, Policy(), Provider(spoken("x"))).value.choices == fresh.choices


def test_a_refusal_is_stored_on_request(settings: Any) -> None:
    settings.CACHE_REFUSALS = True
    refused = spoken(None, refusal="I cannot.")
    ask(QUESTION, Policy(), Provider(refused))
    assert ask(QUESTION, Policy(), Provider(spoken("x"))).value.choices == refused.choices


def test_the_fields_of_the_answer_survive() -> None:
    fresh = Fresh(
        spoken("Sunny [1].").choices, extra={"citations": ["https://example.org"], "system_fingerprint": None}
    )
    ask(QUESTION, Policy(), Provider(fresh))
    assert ask(QUESTION, Policy(), Provider(spoken("x"))).value.extra == fresh.extra


@pytest.mark.parametrize("choices", [None, [spoken("Sunny.", reasoning="Hm.").choices[0]]])
def test_an_entry_from_before_there_were_other_fields_is_served(redis_client: Any, choices: Any) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Sunny.", refusal=None)))
    change_entry(
        redis_client,
        QUESTION.key,
        lambda entry: (
            {name: value for name, value in entry.items() if name not in ("empty", "extra")}
            | ({"choices": choices} if choices else {})
        ),
    )
    found = ask(QUESTION, Policy(), Provider(spoken("x")))
    assert (found.status, found.value.choices[0]["message"]["content"], found.value.extra) == ("hit", "Sunny.", {})


def test_an_answer_that_no_stream_can_say_is_served_and_not_stored(redis_client: Any) -> None:
    before = not_stored("replay")
    odd = spoken("Sunny.", tool_calls=[{"id": "1", "function": {"name": "", "arguments": "{}"}}])
    assert ask(QUESTION, Policy(), Provider(odd)).value.choices == odd.choices
    assert not redis_client.keys("llm:*")
    assert not_stored("replay") == before + 1


def test_a_failure_leaves_nothing_behind(redis_client: Any) -> None:
    with pytest.raises(AttributeError):
        ask(QUESTION, Policy(), Provider(None))  # type: ignore[arg-type]
    assert not redis_client.keys("llm:*")


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: {**entry, "v": "2"},
        lambda entry: {**entry, "key": "0" * 16},
        lambda entry: {name: value for name, value in entry.items() if name != "created"},
        lambda entry: {**entry, "ttl": "soon"},
        lambda entry: {},
    ],
)
def test_a_foreign_or_damaged_entry_is_a_miss_and_goes(
    redis_client: Any, damage: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Sunny.")))
    change_entry(redis_client, QUESTION.key, damage)
    result = ask(QUESTION, Policy(write=False), Provider(spoken("Right.")))
    assert result.status == "miss"
    assert not redis_client.exists(QUESTION.key)


def test_an_entry_of_another_version_is_a_miss_and_stays(redis_client: Any) -> None:
    ask(QUESTION, Policy(), Provider(spoken("Sunny.")))
    for version in (0, 99):
        change_entry(redis_client, QUESTION.key, lambda entry, v=version: {**entry, "v": v})  # type: ignore[misc]
        assert ask(QUESTION, Policy(write=False), Provider(spoken("Right."))).status == "miss"
        assert redis_client.exists(QUESTION.key)


def test_hits_and_misses_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "caching")
    hits, misses = counted("cache_hits_total", "speed"), counted("cache_misses_total", "speed")
    for _ in range(3):
        ask(QUESTION, Policy("speed"), Provider(spoken("Sunny.")))
    assert counted("cache_hits_total", "speed") == hits + 2
    assert counted("cache_misses_total", "speed") == misses + 1
    assert [record.message for record in caplog.records] == [
        "LLM cache miss for query: What is the weather?",
        "LLM cache hit for query: What is the weather?",
        "LLM cache hit for query: What is the weather?",
    ]


def test_a_question_cannot_forge_a_log_line_and_can_be_kept_out(
    caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    caplog.set_level(logging.INFO, "caching")
    question = replace(QUESTION, messages=[{"role": "user", "content": "a\nERROR: forged\x1b[31m" + "x" * 200}])
    ask(question, Policy(), Provider(spoken("Sunny.")))
    assert "\n" not in caplog.records[-1].message and "\x1b" not in caplog.records[-1].message
    settings.LOG_TEXTS = False
    ask(question, Policy(), Provider(spoken("Sunny.")))
    assert caplog.records[-1].message == "LLM cache hit for query: [hidden]"


def test_without_redis_it_answers_and_says_bypass(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    provider = Provider(spoken("Sunny."))
    assert [ask(QUESTION, Policy(), provider).status for _ in range(2)] == ["bypass", "bypass"]
    assert provider.calls == 2
