"""Against a real server on the loopback interface: time-outs, retries, ends that come too early, pooled connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import repeat
from typing import Any

import pytest
import urllib3
from pytest_django import Settings

from speech import providers
from speech.exceptions import (
    GatewayError,
    ProviderBadAnswer,
    ProviderNotConfigured,
    ProviderRateLimited,
    ProviderTimeout,
    ProviderUnavailable,
)
from speech.providers._shared import http_response
from speech.providers._shared.http import ProviderRequest, call_for_json, post
from speech.providers.base import ChatRequest
from speech.tests.loopback import Answer, FakeOpenAI, Loopback

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Where is Paris?"}]}
STREAM = {**CHAT, "stream": True}


@pytest.fixture
def server(settings: Settings) -> Iterator[Loopback]:
    settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
    with FakeOpenAI() as server:
        yield server


def call(server: Loopback, body: dict[str, Any] = CHAT) -> ProviderRequest:
    return ProviderRequest(
        "acme", server.url + "/v1/chat/completions", {"Authorization": "Bearer loopback-secret"}, body
    )


def read(server: Loopback, body: dict[str, Any] = STREAM) -> bytes:
    with post(call(server, body)) as reply:
        return b"".join(reply)


def test_it_sends_json_and_reads_json(server: Loopback) -> None:
    assert call_for_json(call(server))["model"] == "m"
    (seen,) = server.requests
    assert seen.body == CHAT
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"] == "Bearer loopback-secret"


def test_it_hands_bytes_on_as_they_arrive(server: Loopback) -> None:
    server.chunk_delay = 0.1
    with post(call(server, STREAM)) as reply:
        chunks = [(time.monotonic(), chunk) for chunk in reply]
    assert len(chunks) > 5
    assert chunks[-1][0] - chunks[0][0] > 0.3


def test_chunks_are_read_past_urllib3_which_sees_the_end(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    read1 = urllib3.HTTPResponse.read1

    def noted(response: urllib3.HTTPResponse, *options: Any) -> bytes:
        seen.append(read1(response, *options))
        return seen[-1]

    monkeypatch.setattr(urllib3.HTTPResponse, "read1", noted)
    with post(call(server, STREAM)) as reply:
        assert len(list(reply)) > 5
    assert seen == [b""]
    read(server)
    assert server.connections == 1


def test_it_keeps_a_connection_for_the_next_call(server: Loopback) -> None:
    for _ in range(3):
        call_for_json(call(server))
        read(server)
    assert len(server.requests) == 6
    assert server.connections == 1


def test_it_keeps_a_connection_when_the_reader_stops_at_the_last_event(server: Loopback) -> None:
    for _ in range(3):
        with post(call(server, STREAM)) as reply:
            next(chunk for chunk in reply if b"[DONE]" in chunk)
    assert server.connections == 1


def test_it_closes_the_connection_when_the_reader_stops_early(server: Loopback) -> None:
    server.chunk_delay = 0.2
    with post(call(server, STREAM)) as reply:
        next(iter(reply))
    assert server.closed_early.wait(10)
    server.chunk_delay = 0
    assert b"[DONE]" in read(server)


def test_it_serves_many_threads_at_once(server: Loopback) -> None:
    server.delay = 0.3
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(read, [server] * 8))
    assert answers and all(b"[DONE]" in answer for answer in answers)
    assert server.connections > 1, "one after the other they would all use the same"


@pytest.mark.parametrize("fault", ["500", "429-retry-after"])
def test_it_tries_again_where_that_helps(server: Loopback, fault: str) -> None:
    server.behave(fault, "ok")
    assert call_for_json(call(server))["choices"]
    assert len(server.requests) == 2


def test_it_waits_as_long_as_it_is_asked_to(server: Loopback) -> None:
    server.behave("429-retry-after", "ok")
    begun = time.monotonic()
    call_for_json(call(server))
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ("500", 3),
        ("429-retry-after", 3),
        ("429", 1),
        ("quota", 1),
        ("503", 1),
        ("401", 1),
        ("400", 1),
        ("hang", 1),
        ("redirect", 1),
        ("reset", 1),
        ("half", 1),
        ("wrong-json", 1),
    ],
)
def test_it_tries_no_more_often_than_that(server: Loopback, fault: str, requests: int) -> None:
    server.behave(fault)
    with pytest.raises(GatewayError):
        call_for_json(call(server))
    assert len(server.requests) == requests


def test_it_does_not_try_again_what_has_taken_long(server: Loopback) -> None:
    server.behave("500")
    server.delay = 0.9
    with pytest.raises(GatewayError):
        call_for_json(call(server))
    assert len(server.requests) < 3


def test_it_hands_on_how_long_a_provider_asks_to_wait(server: Loopback) -> None:
    server.behave("429-retry-after")
    with pytest.raises(ProviderRateLimited) as caught:
        call_for_json(call(server))
    assert caught.value.retry_after == 1


def test_it_never_tries_again_after_the_first_byte(server: Loopback) -> None:
    server.behave("half", "ok")
    with pytest.raises(ProviderUnavailable):
        read(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["content-length", "chunked"])
@pytest.mark.parametrize("fault", ["half", "reset"])
def test_an_answer_that_ends_too_early_is_no_answer(server: Loopback, fault: str, body: dict[str, Any]) -> None:
    server.behave(fault)
    with pytest.raises(ProviderUnavailable):
        read(server, body)


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["content-length", "chunked"])
def test_it_gives_up_on_an_answer_that_stops_in_the_middle(server: Loopback, body: dict[str, Any]) -> None:
    server.behave("stall")
    with pytest.raises(ProviderTimeout):
        read(server, body)


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["content-length", "chunked"])
@pytest.mark.parametrize("fault", ["hang", "drip-head", "drip-line", "drip"])
def test_no_provider_holds_a_request_for_ever(server: Loopback, fault: str, body: dict[str, Any]) -> None:
    server.behave(fault)
    with pytest.raises(ProviderTimeout):
        read(server, body)


@pytest.mark.parametrize("fault", ["hang", "stall", "drip-head", "drip-line", "drip"])
def test_an_answer_in_one_piece_has_one_time_out_for_all_of_it(server: Loopback, fault: str) -> None:
    server.behave(fault)
    begun = time.monotonic()
    with pytest.raises(ProviderTimeout):
        call_for_json(call(server))
    # The answer that drips would take half a minute.
    assert time.monotonic() - begun < 10
    assert len(server.requests) == 1


def test_a_stream_may_take_longer_than_one_time_out(server: Loopback) -> None:
    server.chunk_delay = 0.2
    begun = time.monotonic()
    assert b"[DONE]" in read(server)
    assert time.monotonic() - begun > 1


@pytest.mark.parametrize(
    ("chunk", "lasts"), [(b"data: " + b"x" * 100 + b"\n\n", True), (b":\n\n", False)], ids=["words", "comments"]
)
def test_a_stream_lasts_as_long_as_it_brings_something(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, chunk: bytes, lasts: bool
) -> None:
    monkeypatch.setattr(http_response, "_PATIENCE", 1)
    said = Answer([chunk] * 20, "text/event-stream", streamed=True)
    server.answer = lambda seen: said  # type: ignore[method-assign]
    server.chunk_delay = 0.1
    with nullcontext() if lasts else pytest.raises(ProviderTimeout):
        assert read(server) == chunk * 20


def test_a_slow_reader_has_all_the_time_it_wants(server: Loopback) -> None:
    with post(call(server, STREAM)) as reply:
        chunks = []
        for chunk in reply:
            chunks.append(chunk)
            time.sleep(0.5)
    assert b"[DONE]" in chunks[-1]


def test_it_says_when_nobody_listens(server: Loopback) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        call_for_json(ProviderRequest("acme", f"http://127.0.0.1:{port}/", {}, {}))
    assert 0.5 < time.monotonic() - begun < 10  # two retries, each after a pause


def test_it_says_when_the_address_is_none(server: Loopback) -> None:
    with pytest.raises(ProviderNotConfigured, match="ACME_BASE_URL"):
        call_for_json(ProviderRequest("acme", "http://[", {}, {}))


def test_a_redirect_is_not_followed_with_the_key(server: Loopback) -> None:
    server.behave("redirect")
    with pytest.raises(ProviderBadAnswer):
        call_for_json(call(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["400", "401", "403", "429", "quota", "500", "redirect"])
def test_no_message_holds_the_key(server: Loopback, fault: str) -> None:
    server.behave(fault)
    with pytest.raises(GatewayError) as caught:
        call_for_json(call(server))
    assert "loopback-secret" not in caught.value.message


EVENT = b'data: {"choices": [{"index": 0, "delta": {"content": "ek "}, "finish_reason": null}]}\n\n'


@pytest.mark.parametrize("piece", [EVENT, b"x" * 1000, b"\n", b" "], ids=["events", "line", "blank lines", "blanks"])
def test_an_endless_stream_comes_to_an_end(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, settings: Settings, piece: bytes
) -> None:
    monkeypatch.setattr(http_response, "LARGEST_BODY", 1_000_000)
    settings.PROVIDERS = {"openai": {"API_KEY": "k", "BASE_URL": server.url + "/v1"}}
    endless: Any = repeat(piece * (65_536 // len(piece)))
    said = Answer(endless, "text/event-stream", streamed=True)
    server.answer = lambda seen: said  # type: ignore[method-assign]
    begun = time.monotonic()
    with pytest.raises(ProviderBadAnswer, match="more than 1000000 bytes"):
        list(providers.get("openai").stream_chat(ChatRequest(CHAT["messages"], "m")))
    assert time.monotonic() - begun < 30
