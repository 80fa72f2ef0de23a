"""Embeddings through the gateway, as the `openai` SDK and others ask for them."""

from __future__ import annotations

import base64
import concurrent.futures
import json
from typing import Any

import numpy as np
import openai
import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.openai import vector_of
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server

PATH = "/v1/embeddings"
SMALL = "text-embedding-3-small"


def embed(gateway: Server, asked: Any, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return gateway.request("POST", PATH, json={"model": SMALL, "input": asked, **fields}, headers=headers or {})


def vectors(response: Any) -> list[Any]:
    assert response.status == 200, response.data
    data = response.json()["data"]
    assert [item["index"] for item in data] == list(range(len(data)))
    return [item["embedding"] for item in data]


def asked_for(provider: ScriptedOpenAI) -> list[Any]:
    return [body["input"] for body in provider.calls("/embeddings")]


def close(one: Any, other: Any) -> bool:
    return bool(np.array_equal(np.asarray(one, "<f4"), np.asarray(other, "<f4")))


def test_only_what_is_missing_is_asked_for_in_one_call_and_in_order(gateway: Server, provider: ScriptedOpenAI) -> None:
    assert embed(gateway, ["one", "two"]).headers["X-Cache"] == "MISS"
    partial = embed(gateway, ["three", "two", "fo\0ur", "three", "one"])
    assert asked_for(provider) == [["one", "two"], ["three", "fo\0ur"]]
    assert vectors(partial) == [vector_of(text) for text in ("three", "two", "fo\0ur", "three", "one")]
    assert partial.headers["Cache-Status"].startswith("speechsite; fwd=partial; stored")
    hit = embed(gateway, ["fo\0ur", "one"])
    assert vectors(hit) == [vector_of("fo\0ur"), vector_of("one")]
    assert (hit.headers["X-Cache"], hit.headers["X-Cache-Match"]) == ("HIT", "exact")
    assert int(hit.headers["Age"]) >= 0
    assert len(provider.requests) == 2


def test_the_sdk_gets_the_same_numbers_in_both_encodings(sdk: Any, provider: ScriptedOpenAI) -> None:
    first = sdk.embeddings.create(model=SMALL, input="Hello")
    floats = sdk.embeddings.create(model=SMALL, input="Hello", encoding_format="float")
    raw = sdk.embeddings.with_raw_response.create(model=SMALL, input=["Hello"], encoding_format="base64")
    encoded = json.loads(raw.content)["data"][0]["embedding"]
    assert close(first.data[0].embedding, vector_of("Hello"))
    assert floats.data[0].embedding == vector_of("Hello")
    assert close(np.frombuffer(base64.b64decode(encoded), "<f4"), vector_of("Hello"))
    assert len(provider.requests) == 1
    assert (first.model, first.object, first.data[0].object) == (SMALL, "list", "embedding")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("A text", "A text"),
        (["A text", "and another"], ["A text", "and another"]),
        ([7, 8, 9], [[7, 8, 9]]),
        ([[7, 8], [9]], [[7, 8], [9]]),
        ([{"text": "an object"}], [{"text": "an object"}]),
    ],
    ids=["text", "texts", "tokens", "lists of tokens", "object"],
)
def test_every_form_of_input(gateway: Server, provider: ScriptedOpenAI, asked: Any, sent: Any) -> None:
    first, second = embed(gateway, asked), embed(gateway, asked)
    assert vectors(first) == vectors(second)
    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert asked_for(provider) == [sent]


def test_tokens_are_not_the_text_that_looks_like_them(gateway: Server, provider: ScriptedOpenAI) -> None:
    for asked in ("7", [7], "[7]", [[7, 7]], "7 ", " 7", "７"):
        assert embed(gateway, asked).headers["X-Cache"] == "MISS"
    assert len(provider.requests) == 7


@pytest.mark.parametrize(
    "change",
    [{"model": "text-embedding-3-large"}, {"dimensions": 4}, {"input_type": "query"}, {"of_tomorrow": True}],
    ids=lambda change: next(iter(change)),
)
def test_what_may_change_the_vector_is_passed_on_and_makes_another_entry(
    gateway: Server, provider: ScriptedOpenAI, change: dict[str, Any]
) -> None:
    embed(gateway, "Hello")
    assert embed(gateway, "Hello", **change).headers["X-Cache"] == "MISS"
    assert change.items() <= provider.calls("/embeddings")[-1].items()
    assert embed(gateway, "Hello", **change).headers["X-Cache"] == "HIT"


@pytest.mark.parametrize("field", ["user", "metadata", "store", "safety_identifier", "prompt_cache_key"])
def test_what_cannot_change_it_is_passed_on_and_makes_no_other(
    gateway: Server, provider: ScriptedOpenAI, field: str
) -> None:
    one: dict[str, Any] = {field: "one"}
    embed(gateway, "Hello", **one)
    assert provider.calls("/embeddings")[0][field] == "one"
    other: dict[str, Any] = {field: "other"}
    assert embed(gateway, "Hello", **other).headers["X-Cache"] == "HIT"


def test_null_is_absence(gateway: Server, provider: ScriptedOpenAI) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("dimensions", "encoding_format", "user", "optimization_level", "of_tomorrow")
    )
    assert embed(gateway, "Hello", **nothing).status == 200
    assert provider.calls("/embeddings") == [{"model": SMALL, "input": "Hello"}]
    assert embed(gateway, "Hello").headers["X-Cache"] == "HIT"


def test_inputs_that_a_field_may_tie_together_are_embedded_together(gateway: Server, provider: ScriptedOpenAI) -> None:
    embed(gateway, ["one", "two"], late_chunking=True)
    assert embed(gateway, ["one", "two"], late_chunking=True).headers["X-Cache"] == "HIT"
    embed(gateway, ["one", "three"], late_chunking=True)
    embed(gateway, ["one"], late_chunking=True)
    embed(gateway, ["one", "one"], late_chunking=True)
    assert asked_for(provider) == [["one", "two"], ["one", "three"], "one", ["one", "one"]]


def test_one_of_inputs_tied_together_is_missing_so_all_are_embedded(
    gateway: Server, provider: ScriptedOpenAI, cache: Any
) -> None:
    embed(gateway, ["one", "two"], late_chunking=True)
    cache.delete(cache.keys("emb:*")[0])
    assert embed(gateway, ["one", "two"], late_chunking=True).headers["X-Cache"] == "MISS"
    assert asked_for(provider) == [["one", "two"]] * 2


def test_usage_and_costs_add_up(gateway: Server, provider: ScriptedOpenAI) -> None:
    price = 0.02 / 1_000_000
    first = embed(gateway, ["one two three", "four"])
    partial = embed(gateway, ["four", "five six"])
    hit = embed(gateway, ["one two three", "four"])
    assert first.json()["usage"] == hit.json()["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert float(first.headers["X-Cost-USD"]) == pytest.approx(4 * price)
    assert float(partial.headers["X-Cost-USD"]) == pytest.approx(2 * price)
    assert partial.json()["usage"]["prompt_tokens"] - 2 == pytest.approx(
        float(partial.headers["X-Cost-Saved-USD"]) / price
    )
    assert (float(hit.headers["X-Cost-USD"]), float(hit.headers["X-Cost-Saved-USD"])) == (0, pytest.approx(4 * price))


def test_it_is_counted(gateway: Server, provider: ScriptedOpenAI) -> None:
    names = [("cache_hits_total", {}), ("cache_misses_total", {}), ("embedding_inputs_total", {"outcome": "hit"})]

    def counts() -> list[float]:
        labels = [{} if "embedding" in name else {"cache_type": "emb"} for name, _ in names]
        return [gateway.metric(name, **more, **own) for (name, more), own in zip(names, labels, strict=True)]

    before = counts()
    embed(gateway, ["one", "two"])
    embed(gateway, ["two", "three"])
    embed(gateway, ["two", "one"])
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("level", "seconds"), [({}, 1800), ({"optimization_level": "quality"}, 3600), ({"model": "speed"}, 600)]
)
def test_an_entry_lives_as_long_as_an_answer(gateway: Server, cache: Any, level: dict[str, Any], seconds: int) -> None:
    embed(gateway, "Hello", **level)
    [key] = cache.keys("emb:*")
    assert key.startswith(b"emb:openai:")
    assert seconds - 10 < cache.ttl(key) <= seconds


def test_cache_control(gateway: Server, provider: ScriptedOpenAI) -> None:
    def status(control: str) -> tuple[int, str]:
        response = embed(gateway, ["Hello", "there"], headers={"Cache-Control": control})
        return response.status, response.headers["X-Cache"] if response.status == 200 else error_of(response)["code"]

    assert status("only-if-cached") == (504, "not_cached")
    assert status("no-store") == (200, "BYPASS")
    assert status("only-if-cached") == (504, "not_cached")
    assert status("no-cache") == (200, "BYPASS")
    assert status("only-if-cached") == (200, "HIT")
    assert status("max-age=100") == (200, "HIT")
    assert len(provider.requests) == 2


def test_nothing_is_shared_between_clients_but_what_both_may_share(gateway: Server, provider: ScriptedOpenAI) -> None:
    keys = [gateway.new_client(f"embeds {number}", "--shared-scope") for number in range(3)]

    def ask(key: str, text: str) -> str:
        return str(embed(gateway, text, headers={"Authorization": f"Bearer {key}"}).headers["X-Cache"])

    for text, last in (("my number is 12345", "MISS"), ("where is my order", "HIT")):
        assert [ask(key, text) for key in keys] == ["MISS", "MISS", last]


def test_identical_requests_at_once_are_one_call(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.delay = 0.5
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(lambda _: embed(gateway, ["one", "two"]), range(6)))
    assert [vectors(response) for response in responses] == [[vector_of("one"), vector_of("two")]] * 6
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("asked", "param"),
    [([], "input"), ([1.5], "input.0"), ([True], "input.0"), (None, "input"), (5, "input"), (["a", []], "input.1")],
    ids=repr,
)
def test_what_is_no_input_is_refused_by_name(gateway: Server, provider: ScriptedOpenAI, asked: Any, param: str) -> None:
    response = embed(gateway, asked)
    assert (response.status, error_of(response)["param"]) == (400, param)
    assert provider.requests == []


@pytest.mark.parametrize("name", ["demo/demo", "espeak/espeak-ng"])
def test_a_provider_that_cannot_embed_says_so(gateway: Server, name: str) -> None:
    response = embed(gateway, "Hello", model=name)
    assert (response.status, error_of(response)["code"]) == (400, "unsupported_feature")
    assert error_of(response)["message"].startswith(f"{name.partition('/')[0]} does not support embedding")


@pytest.mark.parametrize("behaviour", ["500", "wrong-json", "empty", "half", "quota"])
def test_a_failure_is_told_and_not_stored(
    gateway: Server, provider: ScriptedOpenAI, cache: Any, behaviour: str
) -> None:
    provider.behave(behaviour)
    response = embed(gateway, "Hello")
    assert response.status in (502, 503, 504)
    assert error_of(response)["type"] == "provider_error"
    assert cache.keys("emb:*") == []


def test_without_redis_all_is_embedded_each_time(bare_gateway: Server, provider: ScriptedOpenAI) -> None:
    for _ in range(2):
        response = embed(bare_gateway, ["one", "two", "one"])
        assert vectors(response) == [vector_of("one"), vector_of("two"), vector_of("one")]
        assert response.headers["X-Cache"] == "BYPASS"
    assert asked_for(provider) == [["one", "two"]] * 2


def test_an_unknown_model_is_the_providers_to_refuse(sdk: Any, provider: ScriptedOpenAI) -> None:
    provider.behave("404")
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.embeddings.create(model="an-embedder-of-tomorrow", input="Hello")
    assert caught.value.status_code in (400, 404)
    assert provider.calls("/embeddings")[0]["model"] == "an-embedder-of-tomorrow"
