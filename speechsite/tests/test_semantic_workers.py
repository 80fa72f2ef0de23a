"""Two processes that share Redis and a database: what one stores the other finds, and what is judged holds in both.

They are two servers of one worker each, so that it is known which of them is asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import redis

from caching import keys
from speech.tests.support.judging import JudgingOpenAI
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

PAIRS = iter(
    [
        ("What is my account balance?", "could you tell me my account balance"),
        ("How do I reset my password?", "how can I reset my password please"),
        ("Where is my order?", "can you tell me where my order is"),
        ("What are your opening hours?", "could you tell me your opening hours"),
        ("What is the price of a room?", "could you tell me the price of a room"),
        ("When do you open?", "can you tell me when you open"),
    ]
)
"""One for each test: what is judged is remembered, even when Redis is emptied."""


class Site(NamedTuple):
    a: Server
    b: Server
    judge: JudgingOpenAI
    redis: redis.Redis


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with RedisServer() as redis_server, JudgingOpenAI() as judge:
        environment = {
            "VAR_DIR": str(tmp_path_factory.mktemp("shared")),
            "REDIS_URL": redis_server.url,
            "LLM_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-loopback-secret",
            "OPENAI_BASE_URL": f"{judge.url}/v1",
            "OPTIMIZATION_LEVEL": "speed",
            "SEMANTIC_VERIFY_SHARE": "1",
            "SEMANTIC_JUDGEMENTS_PER_MINUTE": "600",
        }
        a, b = (Server(tmp_path_factory.mktemp(name), environment, workers=1) for name in ("a", "b"))
        yield Site(a, b, judge, redis_server.client(decode_responses=True))
        a.stop()
        b.stop()


@pytest.fixture
def site(running: Site) -> Site:
    running.redis.flushall()
    running.judge.verdict = "right"
    running.judge.requests.clear()
    return running


def kind(response: Any) -> str:
    """`exact`, `semantic`, `MISS` or `BYPASS`."""
    assert response.status == 200, response.data
    return str(response.headers.get("X-Cache-Match", response.headers["X-Cache"]))


def only_cached(server: Server, query: str, **fields: Any) -> Any:
    """The answer if there is one for this question; it stores nothing."""
    return server.request(
        "POST", "/api/chat/", json={"query": query, **fields}, headers={"Cache-Control": "only-if-cached"}
    )


def hit(server: Server, query: str) -> Any:
    def look() -> Any:
        response = only_cached(server, query)
        return response if response.status == 200 else None

    return wait_until(look)


def until_nothing_is_cached(server: Server, query: str) -> None:
    wait_until(lambda: only_cached(server, query).status == 504)


def test_what_one_worker_stores_the_other_finds_for_a_paraphrase(site: Site) -> None:
    asked, paraphrase = next(PAIRS)
    stored = site.a.chat(asked)
    assert kind(stored) == "MISS"
    began = time.monotonic()
    found = hit(site.b, paraphrase)
    print(f"found by the other worker after {time.monotonic() - began:.2f} s")  # noqa: T201
    assert kind(found) == "semantic" and found.json()["text"] == stored.json()["text"]
    assert 0 < float(found.headers["X-Cache-Similarity"]) <= 1
    assert 0 < float(found.headers["X-Cache-Probability"]) <= 1


def test_nobody_else_finds_it_and_nothing_else_does(site: Site) -> None:
    asked, paraphrase = next(PAIRS)
    site.a.chat(asked)
    hit(site.b, paraphrase)
    other = {"Authorization": f"Bearer {site.b.new_client('somebody else')}", "Cache-Control": "only-if-cached"}
    body = {"query": paraphrase}
    assert site.b.request("POST", "/api/chat/", json=body, headers=other).status == 504
    for change in (
        {"system": "Be brief."},
        {"model": "another-model"},
        {"provider": "demo"},
        {"language": "hi"},
        {"temperature": 0.1},
    ):
        assert only_cached(site.b, paraphrase, **change).status == 504, change
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    messages = [*history, {"role": "user", "content": paraphrase}]
    refused = site.b.request(
        "POST", "/api/chat/", json={"messages": messages}, headers={"Cache-Control": "only-if-cached"}
    )
    assert refused.status == 504
    assert only_cached(site.b, paraphrase).status == 200, "it was there all the time"


def test_the_keys_in_redis_are_those_of_the_documentation(site: Site) -> None:
    asked, paraphrase = next(PAIRS)
    site.a.chat(asked)
    hit(site.b, paraphrase)
    names = [str(name) for name in site.redis.scan_iter() if not name.startswith("flight:")]
    forms = (
        *(r"llm:exact:[0-9a-f]{64}", r"llm:semantic:[0-9a-f]{16}:[a-z0-9 ]+"),
        *(r"llm:query_index(:learned)?", r"llm:requests:[0-9a-f]{16}"),
    )
    assert [name for name in names if not re.fullmatch("|".join(forms), name)] == []
    assert {keys.kind_of(name) for name in names} - {""} == {keys.EXACT, keys.SEMANTIC, keys.QUERY_INDEX}
    assert asked.lower().rstrip("?") in {name.split(":")[-1] for name in names}


def test_a_flush_by_a_stranger_costs_misses_and_nothing_else(site: Site) -> None:
    asked, paraphrase = next(PAIRS)
    site.a.chat(asked)
    hit(site.b, paraphrase)
    site.redis.flushall()
    assert kind(site.b.chat(asked)) == "MISS"
    assert kind(hit(site.a, paraphrase)) == "semantic"


def test_wrong_said_to_one_worker_holds_in_both(site: Site) -> None:
    asked, paraphrase = next(PAIRS)
    site.a.chat(asked)
    id = hit(site.b, paraphrase).json()["id"]
    said = site.a.request("POST", "/api/feedback/", json={"id": id, "correct": False})
    assert (said.status, said.json()["removed"]) == (202, 1)
    for server in (site.a, site.b):
        until_nothing_is_cached(server, paraphrase)
    # The same question is asked and stored again; its answer is not given to the other one any more.
    assert kind(site.b.chat(asked)) == "MISS"
    hit(site.a, f"um, {asked}")
    for server in (site.a, site.b):
        until_nothing_is_cached(server, paraphrase)
    # And nobody who starts later has forgotten it.
    site.redis.flushall()
    assert kind(site.a.chat(asked)) == "MISS"
    assert kind(hit(site.b, f"um, {asked}")) == "semantic"
    until_nothing_is_cached(site.b, paraphrase)


def test_a_stranger_cannot_say_it(site: Site) -> None:
    id = site.a.chat("Where can I park?").json()["id"]
    headers = {"Authorization": f"Bearer {site.b.new_client('a stranger')}"}
    body = {"id": id, "correct": False}
    assert site.b.request("POST", "/api/feedback/", json=body, headers=headers).status == 404
    assert kind(site.b.chat("Where can I park?")) == "exact"


def test_a_model_judges_after_the_answer_and_both_workers_hear_of_it(site: Site) -> None:
    site.judge.verdict = "wrong"
    before = site.b.metric("semantic_judgements_total", judge="model", verdict="wrong")
    asked, paraphrase = next(PAIRS)
    site.a.chat(asked)
    assert kind(hit(site.b, paraphrase)) == "semantic"
    wait_until(lambda: site.b.metric("semantic_judgements_total", judge="model", verdict="wrong") > before)
    assert 0 < site.b.metric("semantic_bar", optimization_level="speed") < 1
    # The model may have judged a pair of another test first.
    wait_until(lambda: kind(site.a.chat(asked)) == "MISS")
    site.judge.verdict = "right"
    for server in (site.a, site.b):
        hit(server, f"um, {asked}")
        until_nothing_is_cached(server, paraphrase)
