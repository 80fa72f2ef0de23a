from __future__ import annotations

from typing import Any

import pytest
import redis

from caching.tests.support.asking import change_entry
from speech.tests.loopback import Answer, FakeOpenAI, Seen
from speech.tests.support.bad_requests import BAD_BODIES, JSON, BadBody, error_of

QUERY = {"query": "What is a cache?"}
USER = {"role": "user", "content": "Hello"}


def chat(api: Any, body: Any = QUERY, path: str = "/api/chat/", **headers: str) -> Any:
    return api.post(path, body, format="json", headers=headers)


def make_older(redis_client: Any, seconds: int) -> None:
    """Move the time at which every answer was made into the past."""
    for key in redis_client.keys("llm:exact:*"):
        change_entry(redis_client, key, lambda entry: {**entry, "created": entry["created"] - seconds})


def test_it_asks_the_provider_once_and_then_answers_from_redis(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis
) -> None:
    first, second = chat(api), chat(api)
    assert (first.status_code, first.headers["X-Cache"], second.headers["X-Cache"]) == (200, "MISS", "HIT")
    assert first.headers["Cache-Status"] == "speechsite; fwd=uri-miss; stored; ttl=1800"
    assert second.headers["Cache-Status"].startswith("speechsite; hit; ttl=1")
    assert second.headers["X-Cache-Match"] == "exact"
    assert "Age" not in first.headers
    assert first.json()["text"] == second.json()["text"] == "You said: What is a cache?. That is all."
    assert second.json()["usage"] == first.json()["usage"]
    assert len(fake_openai.requests) == 1
    assert redis_client.keys("llm:exact:*") == [second.json()["cache"]["key"].encode()]


def test_the_receipt_says_what_the_headers_say(api: Any, fake_openai: FakeOpenAI) -> None:
    chat(api)
    body = chat(api).json()
    assert (body["provider"], body["optimization_level"], body["finish_reason"]) == ("openai", "balanced", "stop")
    assert body["cache"] | {"age": 0, "ttl": 0} == {
        "status": "hit",
        "match": "exact",
        "age": 0,
        "ttl": 0,
        "stored": True,
        "key": body["cache"]["key"],
    }


def test_age_counts(api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis) -> None:
    chat(api)
    make_older(redis_client, 100)
    response = chat(api)
    assert 100 <= int(response.headers["Age"]) < 130
    assert response.json()["cache"]["age"] == int(response.headers["Age"])


def test_a_question_and_the_same_conversation_share_an_answer(api: Any, fake_openai: FakeOpenAI) -> None:
    chat(api, {"query": "Hello"})
    assert chat(api, {"messages": [USER]}, path="/api/chat").headers["X-Cache"] == "HIT"


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.5},
        {"temperature": 1},
        {"top_p": 1},
        {"max_tokens": 10},
        {"seed": 1},
        {"model": "another"},
        {"language": "hi"},
        {"system": "Be brief."},
        {"provider": "demo"},
    ],
)
def test_what_changes_the_answer_is_asked_anew(api: Any, fake_openai: FakeOpenAI, change: dict[str, Any]) -> None:
    chat(api)
    assert chat(api, QUERY | change).headers["X-Cache"] == "MISS"


def test_the_wished_language_is_said_to_the_model(api: Any, fake_openai: FakeOpenAI) -> None:
    chat(api, QUERY | {"language": "hi-IN"})
    assert fake_openai.requests[0].body["messages"][0]["content"] == "Answer in Hindi."


def test_without_redis_every_answer_is_new(api: Any, fake_openai: FakeOpenAI, use_redis: Any) -> None:
    use_redis("")
    assert [chat(api).headers["X-Cache"] for _ in range(2)] == ["BYPASS", "BYPASS"]
    assert len(fake_openai.requests) == 2


def test_no_cache_answers_anew_and_keeps_the_new_answer(api: Any, fake_openai: FakeOpenAI) -> None:
    chat(api)
    assert chat(api, **{"Cache-Control": "no-cache"}).headers["X-Cache"] == "BYPASS"
    assert len(fake_openai.requests) == 2
    assert chat(api).headers["X-Cache"] == "HIT"


def test_no_store_leaves_no_trace(api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis) -> None:
    response = chat(api, **{"Cache-Control": "no-store"})
    assert (response.status_code, response.headers["Cache-Status"]) == (200, "speechsite; fwd=bypass")
    assert redis_client.keys() == []


def test_max_age_refuses_what_is_older(api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis) -> None:
    chat(api)
    make_older(redis_client, 100)
    assert chat(api, **{"Cache-Control": "max-age=200"}).headers["X-Cache"] == "HIT"
    assert chat(api, **{"Cache-Control": "max-age=50"}).headers["X-Cache"] == "MISS"


def test_only_if_cached_never_asks_the_provider(api: Any, fake_openai: FakeOpenAI) -> None:
    response = chat(api, **{"Cache-Control": "only-if-cached"})
    assert (response.status_code, error_of(response)["code"]) == (504, "not_cached")
    assert fake_openai.requests == []
    chat(api)
    assert chat(api, **{"Cache-Control": "only-if-cached"}).status_code == 200


def test_a_max_age_that_is_no_number_is_refused(api: Any, fake_openai: FakeOpenAI) -> None:
    response = chat(api, **{"Cache-Control": "max-age=soon"})
    assert (response.status_code, error_of(response)["param"]) == (400, "Cache-Control")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": " \n\t"}, "query"),
        ({"query": None}, "query"),
        ({"query": 5}, "query"),
        ({"query": ["Hello"]}, "query"),
        ({"query": "Hello", "messages": [USER]}, "query"),
        ({"messages": []}, "messages"),
        ({"messages": ""}, "messages"),
        ({"messages": None}, "query"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages.0.content"),
        ({"messages": [USER], "system": "Be brief."}, "system"),
        (QUERY | {"optimization_level": "fastest"}, "optimization_level"),
        (QUERY | {"provider": "nobody"}, "provider"),
        (QUERY | {"provider": "espeak"}, "provider"),
        (QUERY | {"provider": ["openai"]}, "provider"),
        (QUERY | {"language": "no language"}, "language"),
        (QUERY | {"language": 5}, "language"),
        (QUERY | {"model": {"name": "x"}}, "model"),
        (QUERY | {"temperature": 2.5}, "temperature"),
        (QUERY | {"temperature": "hot"}, "temperature"),
        (QUERY | {"temperature": True}, "temperature"),
        (QUERY | {"top_p": -1}, "top_p"),
        (QUERY | {"max_tokens": 0}, "max_tokens"),
        (QUERY | {"max_tokens": 1.5}, "max_tokens"),
        (QUERY | {"seed": "1"}, "seed"),
        (QUERY | {"colour": "red"}, "colour"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, body: dict[str, Any], param: str
) -> None:
    response = chat(api, body)
    assert (response.status_code, error_of(response)["param"]) == (400, param)
    assert param in error_of(response)["message"]
    assert response.headers["x-should-retry"] == "false"
    assert fake_openai.requests == []
    assert redis_client.keys() == []


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: f"{bad.status} {bad.body[:20]!r}")
def test_it_refuses_what_is_no_json_object(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, bad: BadBody
) -> None:
    response = api.generic("POST", "/api/chat/", bad.body, content_type=bad.content_type)
    assert (response.status_code, error_of(response)["code"]) == (bad.status, bad.code)
    assert fake_openai.requests == []
    assert redis_client.keys() == []


@pytest.mark.parametrize(
    ("body", "param"), [({"query": "x" * 101}, "query"), ({"messages": [{**USER, "content": "x" * 101}]}, "messages")]
)
def test_a_conversation_may_have_a_limit(
    api: Any, fake_openai: FakeOpenAI, settings: Any, body: dict[str, Any], param: str
) -> None:
    assert chat(api, body).status_code == 200
    settings.MAX_CONVERSATION_CHARACTERS = 100
    response = chat(api, body)
    assert (response.status_code, error_of(response)["param"], error_of(response)["code"]) == (
        400,
        param,
        "text_too_long",
    )


def test_a_number_too_large_for_a_float_is_refused(api: Any, fake_openai: FakeOpenAI) -> None:
    response = api.generic("POST", "/api/chat/", b'{"query": "x", "temperature": 1e999}', content_type=JSON)
    assert (response.status_code, error_of(response)["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        ("400", 400, "unsupported_value"),
        ("401", 502, "provider_auth_failed"),
        ("quota", 503, "provider_quota_exceeded"),
        ("wrong-json", 502, "provider_bad_answer"),
        ("empty", 502, "provider_bad_answer"),
    ],
)
def test_a_failure_of_the_provider_is_explained_and_not_stored(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, behaviour: str, status: int, code: str
) -> None:
    fake_openai.behave(behaviour)
    response = chat(api)
    assert (response.status_code, error_of(response)["code"]) == (status, code)
    assert "sk-loopback-secret" not in response.content.decode()
    assert redis_client.keys("llm:exact:*") == []
    fake_openai.behave("ok")
    assert chat(api).status_code == 200


def test_a_truncated_answer_is_served_and_not_stored(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = fake_openai.answer

    def truncated(seen: Seen) -> Answer:
        whole = answer(seen)
        return Answer([whole.body.replace(b'"stop"', b'"length"')], content_type=whole.content_type)

    monkeypatch.setattr(fake_openai, "answer", truncated)
    response = chat(api)
    assert (response.status_code, response.json()["finish_reason"]) == (200, "length")
    assert (response.headers["Cache-Status"], response.json()["cache"]["stored"]) == ("speechsite; fwd=uri-miss", False)
    assert redis_client.keys("llm:exact:*") == []


def test_an_answer_that_is_too_large_is_served_and_not_stored(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, settings: Any
) -> None:
    settings.CACHE_MAX_ENTRY_BYTES = 50
    for _ in range(2):
        response = chat(api)
        assert (response.status_code, response.headers["Cache-Status"]) == (200, "speechsite; fwd=uri-miss")
    assert redis_client.keys("llm:*") == []


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/"])
def test_other_methods_are_refused_and_options_answered(api: Any, path: str) -> None:
    for method in (api.get, api.put, api.delete):
        response = method(path)
        assert (response.status_code, error_of(response)["code"]) == (405, "method_not_allowed")
        assert response.headers["Allow"] == "POST, OPTIONS"
    assert api.head(path).status_code == 405
    assert api.options(path).headers["Allow"] == "POST, OPTIONS"
