"""Embeddings of a provider that answers in its own way, or wrongly."""

from __future__ import annotations

from typing import Any

import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.gateway.test_openai_embeddings import SMALL, embed, vectors
from speech.tests.loopback.answers import as_json
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server

ONE = {"object": "embedding", "index": 0, "embedding": [0.5]}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [ONE, ONE],
        [{**ONE, "embedding": []}],
        [{**ONE, "embedding": None}],
        [{**ONE, "embedding": [0.5, None]}],
        [{**ONE, "embedding": [float("nan")]}],
        [{**ONE, "embedding": ["0.5"]}],
        [{**ONE, "embedding": [10**400]}],
        [{**ONE, "embedding": "not base64"}],
        [{**ONE, "embedding": "AAA="}],
        ["text"],
    ],
    ids=lambda data: repr(data)[:60],
)
def test_an_odd_answer_is_the_providers_fault(
    gateway: Server, provider: ScriptedOpenAI, cache: Any, monkeypatch: Any, data: Any
) -> None:
    monkeypatch.setattr(provider, "answer", lambda seen: as_json({"data": data, "model": SMALL}))
    response = embed(gateway, "Hello")
    assert (response.status, error_of(response)["code"]) == (502, "provider_bad_answer")
    assert cache.keys("emb:*") == []


def test_a_provider_without_index_or_usage_is_served(
    gateway: Server, provider: ScriptedOpenAI, monkeypatch: Any
) -> None:
    data = [{"embedding": [0.25], "extra": 1}, {"embedding": [0.5], "extra": 2}]
    monkeypatch.setattr(provider, "answer", lambda seen: as_json({"data": data}))
    responses = [embed(gateway, ["one", "two"]) for _ in range(2)]
    for response in responses:
        assert vectors(response) == [[0.25], [0.5]]
        assert [item["extra"] for item in response.json()["data"]] == [1, 2]
        assert response.json()["usage"] is None, "unknown, not nothing"
        assert "X-Cost-USD" not in response.headers or response.headers["X-Cache"] == "HIT"


def test_usage_of_one_input_is_the_providers_own(gateway: Server, provider: ScriptedOpenAI, monkeypatch: Any) -> None:
    usage = {"prompt_tokens": 0, "total_tokens": 0, "prompt_tokens_details": {"image_count": 1}}
    answer = {"data": [{"embedding": [0.5]}], "usage": usage}
    monkeypatch.setattr(provider, "answer", lambda seen: as_json(answer))
    assert [embed(gateway, [{"image": "AAAA"}]).json()["usage"] for _ in range(2)] == [usage] * 2


@pytest.mark.parametrize("message", ["base64 encoding is not currently supported", "Unknown field encoding_format"])
def test_a_server_that_has_no_base64_is_asked_for_numbers(
    gateway: Server, provider: ScriptedOpenAI, monkeypatch: Any, message: str
) -> None:
    refusal = as_json({"object": "error", "message": message, "type": "BadRequestError", "code": 400}, 400)
    answer = as_json({"data": [{"embedding": [0.5]}], "model": SMALL})
    monkeypatch.setattr(
        provider, "answer", lambda seen: refusal if seen.body["encoding_format"] == "base64" else answer
    )
    for _ in range(2):
        assert embed(gateway, "Hello", encoding_format="base64").json()["data"][0]["embedding"] == "AAAAPw=="
    assert len(provider.requests) == 2
