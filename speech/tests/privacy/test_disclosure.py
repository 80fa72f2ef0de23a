from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from caching import metrics
from caching.result import CacheResult
from caching.tests.support.asking import change_entry
from speech.models import Client, Receipt
from speech.privacy import disclosure
from speech.privacy.disclosure import Padding
from speech.tests.loopback import FakeOpenAI

Clients = Callable[..., tuple[Client, str]]
SAID = "Which colour is the sky?"
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/api/chat/", {"query": SAID}),
    "tts": ("/api/tts/", {"text": "Please hold the line."}),
    "completions": ("/v1/chat/completions", {"messages": [{"role": "user", "content": SAID}]}),
    "stream": ("/v1/chat/completions", {"messages": [{"role": "user", "content": SAID}], "stream": True}),
    "speech": ("/v1/audio/speech", {"input": "Please hold the line.", "response_format": "wav"}),
    "events": ("/v1/audio/speech", {"input": "Hold on.", "response_format": "wav", "stream_format": "sse"}),
}
CHANGING = ("X-Request-ID",)


@pytest.fixture(autouse=True)
def shared_at_once(settings: Any) -> None:
    settings.SHARED_SCOPE_CLIENTS = 1


def caller(key: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def seen(caller: APIClient, path: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, str], list[int]]:
    """All of a response from which one could tell: status, headers, and the sizes of its pieces."""
    response: Any = caller.post(path, body, format="json", headers=headers)
    pieces = list(response.streaming_content) if response.streaming else [response.content]
    shown = {name: value for name, value in response.headers.items() if name not in CHANGING}
    return response.status_code, shown, [len(piece) for piece in pieces]


def hits() -> float:
    """How many were counted in this process."""
    samples = (sample for metric in metrics.HITS.collect() for sample in metric.samples)
    return sum(sample.value for sample in samples if sample.name == "cache_hits_total")


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hidden_hit_looks_like_a_miss(clients: Clients, settings: Any, name: str) -> None:
    settings.HIDE_CACHE_STATUS = True
    one, other = (caller(clients(who, shared_scope=True)[1]) for who in ("one", "other"))
    path, body = REQUESTS[name]
    miss = seen(one, path, body)
    before = hits()
    hit = seen(other, path, body)
    assert hits() == before + 1, "it was one"
    assert miss == hit
    assert not {header for header in hit[1] if header.startswith(("X-Cache", "X-Cost", "Cache-Status", "Age"))}


def test_the_bodies_are_alike_too(clients: Clients, settings: Any) -> None:
    settings.HIDE_CACHE_STATUS = True
    callers = [caller(clients(who, shared_scope=True)[1]) for who in ("one", "other")]
    miss, hit = (one.post("/api/chat/", {"query": SAID}, format="json").json() for one in callers)
    assert (hit["cache"], hit["cost"]) == (None, None)
    assert miss | {"id": ""} == hit | {"id": ""}


def test_a_receipt_does_not_tell_either(clients: Clients, settings: Any) -> None:
    settings.HIDE_CACHE_STATUS = True
    one = caller(clients("one", shared_scope=True)[1])
    for _ in range(2):
        response: Any = one.post("/api/converse/", {"query": SAID}, format="json")
        b"".join(response.streaming_content)
    first, second = (receipt.body for receipt in Receipt.objects.order_by("created"))
    # The id of the answer is for feedback, differs each time, and is sealed.
    assert first["chat"].pop("id") != second["chat"].pop("id")
    assert first == second
    assert "cached" not in str(first)


def test_what_others_asked_cannot_be_asked_outright(clients: Clients, settings: Any) -> None:
    settings.HIDE_CACHE_STATUS = True
    one, other = (caller(clients(who, shared_scope=True)[1]) for who in ("one", "other"))
    path, body = REQUESTS["chat"]
    seen(one, path, body)
    assert seen(other, path, body, **{"Cache-Control": "only-if-cached"})[0] == 504


def test_whoever_shares_nothing_is_told_everything(clients: Clients, settings: Any) -> None:
    settings.HIDE_CACHE_STATUS = True
    alone = caller(clients("alone")[1])
    assert [seen(alone, *REQUESTS["chat"])[1]["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]


def test_a_hit_takes_as_long_as_a_miss_did(settings: Any) -> None:
    settings.PAD_SHARED_HITS = True
    padding, client = Padding(), Client(pk=1, shared_scope=True)
    padding.even_out(client, "kind", CacheResult(None, "miss", ""), time.perf_counter() - 1)
    began = time.perf_counter()
    padding.even_out(client, "kind", CacheResult(None, "hit", ""), began)
    assert time.perf_counter() - began >= 1
    for unpadded in (("other kind", client), ("kind", Client(pk=2))):
        began = time.perf_counter()
        padding.even_out(unpadded[1], unpadded[0], CacheResult(None, "hit", ""), began)
        assert time.perf_counter() - began < 1


def test_a_shared_hit_over_http_is_padded(clients: Clients, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PAD_SHARED_HITS = True
    settings.PROVIDERS = {**settings.PROVIDERS, "demo": {"DELAY_MS": "300"}}
    monkeypatch.setattr("speech.services.chat_completions.padding", disclosure.Padding())
    one, other = (caller(clients(who, shared_scope=True)[1]) for who in ("one", "other"))
    seen(one, *REQUESTS["chat"])
    began = time.perf_counter()
    assert seen(other, *REQUESTS["chat"])[1]["X-Cache"] == "HIT"
    assert time.perf_counter() - began >= 0.3


@pytest.mark.parametrize(
    ("control", "status"),
    [("max-age=99999999", "HIT"), ("max-stale=99999999", "HIT"), ("max-age=0", "MISS"), ("no-cache", "BYPASS")],
)
def test_a_request_may_only_tighten(api: Any, redis_client: Any, settings: Any, control: str, status: str) -> None:
    path, body = REQUESTS["chat"]
    key = api.post(path, body, format="json").json()["cache"]["key"]
    change_entry(redis_client, key, lambda entry: {**entry, "created": entry["created"] - 100})
    response = api.post(path, body, format="json", headers={"Cache-Control": control})
    assert response.headers["X-Cache"] == status
    assert redis_client.keys("llm:exact:*") == [key.encode()]
    assert 0 < redis_client.ttl(key) <= settings.LLM_CACHE_TTL["balanced"]


@pytest.mark.parametrize("field", ["ttl", "cache_ttl", "threshold", "similarity_threshold", "scope", "namespace"])
def test_no_field_of_a_request_loosens_anything(api: Any, fake_openai: FakeOpenAI, field: str) -> None:
    path, body = REQUESTS["chat"]
    assert api.post(path, {**body, field: 1}, format="json").status_code == 400
    api.post(*REQUESTS["completions"], format="json")
    for other in ("A wholly different matter", "What is the price of tea?"):
        said = {"messages": [{"role": "user", "content": other}], field: 0, "model": "speed"}
        headers = {f"X-{field.replace('_', '-')}": "0"}
        response = api.post("/v1/chat/completions", said, format="json", headers=headers)
        assert response.headers["X-Cache"] == "MISS"
        assert int(response.headers["Cache-Status"].rpartition("ttl=")[2]) == 600
