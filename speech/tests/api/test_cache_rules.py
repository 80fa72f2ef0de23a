"""Cache rules as clients see them: `/api` and `/v1`, whole and streamed, answers and speech."""

from __future__ import annotations

import re
from typing import Any

import pytest
import redis
from django.urls import reverse

from caching.models import CacheRule, Call
from speech.tests.loopback import FakeOpenAI

TIME = "What time is it?"
TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is a cache?"},
    {"role": "assistant", "content": "A store."},
]

pytestmark = pytest.mark.usefixtures("fake_openai")


def say(api: Any, text: str, way: str, **body: Any) -> Any:
    messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
    if way == "query":
        return api.post("/api/chat/", {"query": text, **body}, format="json")
    if way == "turns":
        return api.post("/api/chat/", {"messages": TURNS + messages, **body}, format="json")
    if way == "parts":
        messages = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    stream = {"stream": True} if way == "stream" else {}
    response = api.post("/v1/chat/completions", {"model": "m", "messages": messages, **stream, **body}, format="json")
    if stream:
        b"".join(response.streaming_content)
    return response


WAYS = ["query", "turns", "whole", "parts", "stream"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [TIME, "roll a die", "आज की तारीख क्या है", "quel temps fait-il"])
def test_an_answer_of_the_moment_or_by_chance_is_always_fresh(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, way: str, text: str
) -> None:
    for _ in range(2):
        response = say(api, text, way)
        assert (response.status_code, response.headers["X-Cache"]) == (200, "BYPASS")
        assert re.fullmatch(
            r'speechsite; fwd=bypass; detail="depends on (the moment|chance)"', response["Cache-Status"]
        )
    assert len(fake_openai.requests) == 2 and redis_client.keys("llm:*") == []


@pytest.mark.parametrize("way", WAYS)
def test_a_question_that_only_looks_like_one_is_cached(api: Any, way: str) -> None:
    found = [say(api, "What time does the shop open?", way)["X-Cache"] for _ in range(2)]
    assert found == ["MISS", "HIT"]


def test_a_high_temperature_is_not_cached(api: Any, redis_client: redis.Redis) -> None:
    found = [say(api, "Name a fruit", "whole", temperature=1.6) for _ in range(2)]
    assert [each["X-Cache"] for each in found] == ["BYPASS", "BYPASS"] and redis_client.keys("llm:*") == []


def test_only_if_cached_finds_nothing_of_the_moment(api: Any) -> None:
    response = api.post("/api/chat/", {"query": TIME}, format="json", headers={"Cache-Control": "only-if-cached"})
    assert response.status_code == 504


def test_the_ledger_says_which_rule_held(api: Any) -> None:
    say(api, TIME, "query")
    say(api, TIME, "stream")
    rows = Call.objects.filter(outcome="bypass")
    assert [(row.question, row.reasons) for row in rows] == [(TIME, ["cache rule: depends on the moment"])] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_of_staff_never_stores(api: Any, redis_client: redis.Redis, way: str) -> None:
    CacheRule.objects.create(name='The "secret" \\ word', text_match="contains", text="cache", never_store=True)
    for _ in range(2):
        response = say(api, "What is a cache?", way)
        assert response["X-Cache"] == "BYPASS"
        assert response["Cache-Status"] == r'speechsite; fwd=bypass; detail="The \"secret\" \\ word"'
    assert redis_client.keys("llm:*") == []


def test_a_rule_stops_what_was_stored_before_it(api: Any) -> None:
    assert [say(api, "What is a cache?", "query")["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    CacheRule.objects.create(name="Off", never_store=True)
    assert say(api, "What is a cache?", "query")["X-Cache"] == "BYPASS"


@pytest.mark.parametrize("way", ["query", "stream"])
def test_a_rule_sets_the_time_to_live(api: Any, redis_client: redis.Redis, way: str) -> None:
    CacheRule.objects.create(name="Short", provider="openai", ttl=40)
    say(api, "What is a cache?", way)
    [key] = redis_client.keys("llm:exact:*")
    assert 30 < redis_client.ttl(key) <= 40
    hit = say(api, "What is a cache?", way)
    assert re.fullmatch(r'speechsite; hit; ttl=(3\d|40); detail="Short"', hit["Cache-Status"])


def test_a_rule_that_names_the_moment_lets_it_live_for_a_while(api: Any) -> None:
    CacheRule.objects.create(name="A minute", kind="moment", ttl=60)
    assert [say(api, TIME, "query")["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]


def test_a_rule_tightens_the_level_in_key_metrics_and_ledger(api: Any) -> None:
    CacheRule.objects.create(name="Strict", level_at_most="quality")
    response = say(api, "What is a cache?", "query", optimization_level="speed")
    assert "stored; ttl=3600" in response["Cache-Status"]
    assert Call.objects.get().level == "quality"


@pytest.mark.parametrize("path", ["/api/tts/", "/v1/audio/speech"])
def test_speech_follows_rules_too(api: Any, redis_client: redis.Redis, path: str) -> None:
    def speak(text: str) -> Any:
        body = {"text": text} if path.startswith("/api") else {"model": "tts-1", "input": text, "voice": "alloy"}
        response = api.post(path, body, format="json")
        b"".join(response.streaming_content) if response.streaming else response.content
        return response

    CacheRule.objects.create(name="No names", applies_to="tts", text_match="contains", text="Asha", never_store=True)
    CacheRule.objects.create(name="Short", text_match="begins", text="good morning", ttl=20)
    assert [speak("Hello Asha.")["X-Cache"] for _ in range(2)] == ["BYPASS", "BYPASS"]
    assert 'detail="No names"' in speak("Hello Asha.")["Cache-Status"] and redis_client.keys("tts:*") == []
    speak("Good morning.")
    assert {redis_client.ttl(key) <= 20 for key in redis_client.keys("tts:*")} == {True}
    assert [speak(TIME)["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]


def test_a_name_that_is_not_ascii_is_escaped_in_the_header(api: Any) -> None:
    CacheRule.objects.create(name="दिल्ली\r\nX-Evil: 1", never_store=True)
    response = say(api, "What is a cache?", "query")
    assert response["Cache-Status"].isascii() and "X-Evil" not in response.headers
    assert response["Cache-Status"].startswith('speechsite; fwd=bypass; detail="%E0%A4')


def test_the_list_is_in_the_menu(admin_client: Any) -> None:
    assert reverse("admin:caching_cacherule_changelist") in admin_client.get(reverse("admin:index")).content.decode()
