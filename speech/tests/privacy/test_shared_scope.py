from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from caching import keys, shared_scope
from caching.redis import scan
from caching.redis.serializers import JSONSerializer
from caching.semantic import replication
from caching.semantic.replication import IndexEvent
from speech.models import Client
from speech.providers import demo

Clients = Callable[..., tuple[Client, str]]
PLAIN = "Which colour is the sky?"


@pytest.fixture
def callers(clients: Clients) -> list[APIClient]:
    """Three that share."""
    found = []
    for name in ("one", "two", "three"):
        caller = APIClient(raise_request_exception=False)
        caller.credentials(HTTP_AUTHORIZATION=f"Bearer {clients(name, shared_scope=True)[1]}")
        found.append(caller)
    return found


def ask(caller: APIClient, query: str = PLAIN, **fields: Any) -> Any:
    return caller.post("/api/chat/", {"query": query, "optimization_level": "quality", **fields}, format="json")


def speak(caller: APIClient, text: str, **fields: Any) -> Any:
    return caller.post("/api/tts/", {"text": text, **fields}, format="json")


def cached(caller: APIClient, query: str = PLAIN, **fields: Any) -> str:
    return str(ask(caller, query, **fields).headers["X-Cache"])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the demo say something else than the question, which it repeats."""

    def say(text: str) -> None:
        answer = demo.Provider.chat

        def chat(self: Any, request: Any) -> Any:
            made = answer(self, request)
            made.choices[0]["message"]["content"] = text
            return made

        monkeypatch.setattr(demo.Provider, "chat", chat)

    return say


def test_one_client_alone_puts_nothing_where_others_find_it(callers: list[APIClient], answers: Any) -> None:
    answers("Blue.")
    assert [cached(callers[0]) for _ in range(5)] == ["MISS", *["HIT"] * 4]
    assert cached(callers[1]) == "MISS"


def test_what_two_asked_for_is_there_for_all_that_share(
    callers: list[APIClient], clients: Clients, answers: Any
) -> None:
    answers("Blue.")
    assert [cached(caller) for caller in (callers[0], callers[1], callers[2], callers[0])] == [
        "MISS", "MISS", "HIT", "HIT",
    ]  # fmt: skip
    outsider = APIClient()
    outsider.credentials(HTTP_AUTHORIZATION=f"Bearer {clients('outsider')[1]}")
    assert cached(outsider) == "MISS"


def test_the_number_of_clients_is_a_setting(callers: list[APIClient], answers: Any, settings: Any) -> None:
    answers("Blue.")
    settings.SHARED_SCOPE_CLIENTS = 3
    assert [cached(caller) for caller in (*callers, callers[0], callers[1])] == ["MISS", "MISS", "MISS", "HIT", "HIT"]


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "What is 7 times 6?"},
        {"query": "Is ५ a digit?"},
        {"query": "Write to priya@example.com, please"},
        {"query": "What stands at https://example.com/secret?"},
        {"query": "What do I get for ₹ or $?"},
        {"query": "How much is twenty rupees?"},
        {"query": PLAIN, "system": "The caller's account is 4711."},
        {"query": PLAIN, "system": "You speak with Priya Sharma."},
        {"messages": [{"role": "user", "content": "I was born in 1980"}, {"role": "user", "content": PLAIN}]},
        {"query": PLAIN, "seed": 7},
    ],
    ids=str,
)
def test_what_may_be_personal_is_never_shared(callers: list[APIClient], answers: Any, fields: dict[str, Any]) -> None:
    answers("Blue.")
    body = {"optimization_level": "quality", **fields}
    seen = [caller.post("/api/chat/", body, format="json").headers["X-Cache"] for caller in [*callers, *callers]]
    assert seen == [*["MISS"] * 3, *["HIT"] * 3]


@pytest.mark.parametrize("answer", ["It has 7 colours.", "See www.example.com.", "It costs € or so.", "Ask a@b.co."])
def test_an_answer_with_figures_stays_with_who_asked(callers: list[APIClient], answers: Any, answer: str) -> None:
    answers(answer)
    assert [cached(caller) for caller in callers[:2]] == ["MISS", "MISS"]
    # Admitted by two, barred by the answer: from here on each keeps its own.
    assert [cached(caller) for caller in [*callers[1:], *callers[1:]]] == ["MISS", "MISS", "HIT", "HIT"]


def test_sentences_are_admitted_one_by_one(callers: list[APIClient]) -> None:
    for caller in callers[:2]:
        speak(caller, "Please hold the line. One thing more is needed.")
    speak(callers[0], "Only you hear this.")
    hit, miss = speak(callers[2], "Please hold the line."), speak(callers[2], "Only you hear this.")
    assert (hit.headers["X-Cache"], miss.headers["X-Cache"]) == ("HIT", "MISS")


def test_many_sentences_are_asked_about_in_one_round_trip(
    callers: list[APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    admitted = shared_scope._admitted

    def noted(names: Sequence[str], client: str) -> list[bool] | None:
        asked.append(len(names))
        return admitted(names, client)

    monkeypatch.setattr(shared_scope, "_admitted", noted)
    speak(callers[0], "Please hold the line. Another thing is needed. We are done.")
    assert asked == [3]


def test_no_store_leaves_no_trace_of_who_asked(callers: list[APIClient], redis_client: Any) -> None:
    body = {"query": PLAIN, "optimization_level": "quality"}
    callers[0].post("/api/chat/", body, format="json", headers={"Cache-Control": "no-store"})
    assert redis_client.keys("asked:*") == []


def test_without_redis_nothing_is_shared(use_redis: Callable[[str], None]) -> None:
    use_redis("")
    assert shared_scope.admitted(["one", "two"], "1") == [False, False]


def test_every_entry_says_who_wrote_it(api: Any, redis_client: Any) -> None:
    for query in ("What is a cache?", "what is a cache", "Please tell me what a cache is"):
        api.post("/api/chat/", {"query": query, "optimization_level": "speed"}, format="json")
    speak(api, "Good morning.")
    stored = [name.decode() for name in redis_client.keys("*")]
    kinds = {keys.kind_of(name) for name in stored}
    assert {keys.EXACT, keys.SEMANTIC, keys.QUERY_INDEX, keys.SPEECH} <= kinds
    entries = [name for name in stored if keys.kind_of(name) not in ("", keys.QUERY_INDEX)]
    assert {entry.fields.get("by") for entry in scan.describe(entries) or []} == {"tester"}
    events = [json.loads(fields[b"e"]) for _, fields in redis_client.xrange(keys.QUERY_INDEX)]
    assert {event.get("by") for event in events if event.get("text")} == {"tester"}


def test_a_flush_of_one_client_takes_all_that_it_wrote(clients: Clients, redis_client: Any) -> None:
    for name in ("one", "two"):
        caller = APIClient()
        caller.credentials(HTTP_AUTHORIZATION=f"Bearer {clients(name)[1]}")
        caller.post("/api/chat/", {"query": "What is a cache?"}, format="json")
        speak(caller, "Good morning.")
    redis_client.set("stt:openai:abc", JSONSerializer({}).dumps({"by": "one"}))
    replication.publish_all([IndexEvent("llm:exact:expired", "scope", "long gone from Redis", by="one")])
    call_command("cache_flush", "--client", "one", "--yes")
    left = [name.decode() for name in redis_client.keys("*")]
    assert sorted({keys.kind_of(name) for name in left} - {""}) == [
        "llm:exact",
        "llm:query_index",
        "llm:semantic",
        "tts",
    ]
    assert b"one" not in b"".join(redis_client.dump(name) or b"" for name in left if name.startswith("llm:exact"))
    texts = [json.loads(fields[b"e"]) for _, fields in redis_client.xrange(keys.QUERY_INDEX)]
    assert [event["by"] for event in texts if event.get("text")] == ["two"]


def test_a_full_quota_means_not_stored_and_never_an_error(clients: Clients, redis_client: Any) -> None:
    caller = APIClient()
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {clients('bot', daily_entries=2)[1]}")
    asked = [ask(caller, f"Question {letter}") for letter in "abcd"]
    assert [response.json()["cache"]["stored"] for response in asked] == [True, True, False, False]
    told = ['detail="daily-entries"' in response["Cache-Status"] for response in asked]
    assert told == [False, False, True, True]
    assert len(redis_client.keys("llm:exact:*")) == 2
    assert (cached(caller, "Question a"), cached(caller, "Question d")) == ("HIT", "MISS")
    spoken = speak(caller, "Good morning.")
    assert spoken.status_code == 200
    assert spoken["Cache-Status"] == 'speechsite; fwd=uri-miss; detail="daily-entries"'
    assert redis_client.keys("tts:*") == []
