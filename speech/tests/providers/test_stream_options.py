"""Streams of servers that refuse `stream_options`, or cannot stream at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from speech import providers
from speech.exceptions import ProviderBadAnswer, ProviderRejected, ProviderUnavailable
from speech.providers._shared import stream_options
from speech.providers.base import ChatRequest
from speech.tests.loopback import Answer, FakeOpenAI, Seen
from speech.tests.loopback.answers import as_json

REFUSAL = {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}


class Strict(FakeOpenAI):
    """Refuses `stream_options` with 422, as Mistral did, and a temperature of 9 with 400."""

    def answer(self, seen: Seen) -> Answer:
        if "stream_options" in seen.body:
            return as_json({"detail": [REFUSAL]}, 422)
        return self.errors["400"] if seen.body.get("temperature") == 9 else super().answer(seen)


class Whole(FakeOpenAI):
    """Answers with JSON whatever it is asked for, after an empty line that keeps the connection open."""

    def answer(self, seen: Seen) -> Answer:
        whole = super().answer(Seen(seen.path, seen.headers, {**seen.body, "stream": False}))
        return Answer([b"\n", whole.body], content_type="application/json", streamed=True)


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    stream_options._takes_options.clear()
    yield
    stream_options._takes_options.clear()


def streamed(server: FakeOpenAI, settings: Any, **params: Any) -> list[dict[str, Any]]:
    settings.PROVIDERS = {"openai": {"API_KEY": "sk", "BASE_URL": f"{server.url}/v1"}}
    provider = providers.get("openai")
    request = ChatRequest(messages=[{"role": "user", "content": "Hello"}], model="m", params=params)
    return list(provider.stream_chat(provider.prepare_chat(request)))


def asked_for_usage(server: FakeOpenAI) -> list[bool]:
    return ["stream_options" in seen.body for seen in server.requests]


def test_a_server_that_refuses_them_is_asked_without_them_from_then_on(settings: Any) -> None:
    with Strict() as server:
        for _ in range(2):
            assert streamed(server, settings)[-1]["choices"][0]["finish_reason"] == "stop"
        assert asked_for_usage(server) == [True, False, False]


def test_a_request_that_is_wrong_for_another_reason_teaches_nothing(settings: Any) -> None:
    with Strict() as server:
        with pytest.raises(ProviderRejected, match="temperature"):
            streamed(server, settings, temperature=9)
        streamed(server, settings)
        assert asked_for_usage(server) == [True, False, True, False]


def test_a_server_that_has_taken_them_is_asked_once(settings: Any) -> None:
    with FakeOpenAI() as server:
        streamed(server, settings)
        server.behave("400", "ok")
        with pytest.raises(ProviderRejected):
            streamed(server, settings)
        assert asked_for_usage(server) == [True, True]


def test_a_whole_answer_is_served_as_a_stream(settings: Any) -> None:
    with Whole() as server:
        chunks = streamed(server, settings)
    words = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])
    assert words == "You said: Hello. That is all."
    assert len(chunks) > 4
    assert chunks[-1]["usage"]["total_tokens"] > 0


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"choices": []}', json.dumps({"choices": [{"delta": {}}]}).encode()])
def test_a_body_that_is_no_answer_is_a_bad_answer(settings: Any, body: bytes) -> None:
    with FakeOpenAI() as server:
        server.answer = lambda seen: Answer([body])  # type: ignore[method-assign]
        with pytest.raises((ProviderBadAnswer, ProviderUnavailable)):
            streamed(server, settings)
