"""Streams: how soon the first byte comes, what proxies are told, and what is left when clients go away."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from django.conf import settings

from speech.providers._shared.http_connections import PatientHTTPConnection
from speech.synthesis.pipeline import AHEAD
from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

AT_ONCE = settings.SYNTHESIS_THREADS
DROPPED = 200
A_LEAK = DROPPED // 10
"""Threads or files by which every round makes all workers grow, if they leak."""
MAX_ROUNDS = 20
AFTERWARDS = 40
"""Calls, enough for each worker to get some."""
SETTLING = 4.0
"""Seconds in which what was dropped is drained or closed."""


def body_for(path: str, text: str) -> dict[str, Any]:
    if path == "/v1/audio/speech":
        return {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
    return {"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}], "stream": True}


@contextmanager
def opened(gateway: Server, path: str, text: str) -> Iterator[socket.socket]:
    """A raw connection on which the request has been sent; closed with a reset, as a browser tab is."""
    body = json.dumps(body_for(path, text)).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {gateway.key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        yield connection


def first_byte(connection: socket.socket, mark: bytes) -> float:
    """When `mark` had arrived."""
    seen = b""
    while mark not in seen:
        got = connection.recv(65_536)
        assert got, f"closed after {seen!r}"
        seen += got
    return time.perf_counter()


def workers(gateway: Server) -> list[psutil.Process]:
    """The processes that answer requests: those without children of their own."""
    everybody = psutil.Process(gateway.process.pid).children(recursive=True)
    return [process for process in everybody if "granian" in " ".join(process.cmdline()) and not process.children()]


def held(gateway: Server) -> tuple[int, int]:
    """Threads, and open files and sockets, of all workers."""
    everybody = workers(gateway)
    return sum(one.num_threads() for one in everybody), sum(one.num_fds() for one in everybody)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/audio/speech"])
@pytest.mark.parametrize("times", [1, 2], ids=["miss", "hit"])
def test_nothing_on_the_way_may_hold_a_stream_back(
    gateway: Server, provider: ScriptedOpenAI, path: str, times: int
) -> None:
    body = {**body_for(path, "Hello there."), "stream_format": "sse"}
    for _ in range(times):
        response = gateway.request("POST", path, json=body, headers={"Accept-Encoding": "gzip, br"})
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "no-transform" in response.headers["Cache-Control"]
    assert "content-encoding" not in response.headers
    assert "etag" not in response.headers


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/audio/speech"])
def test_the_first_byte_passes_through_at_once(gateway: Server, provider: ScriptedOpenAI, path: str) -> None:
    added = []
    provider.chunk_delay = 0.1
    for turn in range(20):
        text = f"Hello {path} {'x' * turn}"
        with opened(gateway, path, text) as connection:
            mark = b"data: " if "chat" in path else b"\r\n\r\n"
            arrived = first_byte(connection, mark)
        added.append((arrived - provider.first_sent) * 1000)
    median = statistics.median(added)
    print(f"{path}: first byte {median:.1f} ms after the provider's (least {min(added):.1f})")  # noqa: T201
    # 5 ms on a machine of its own; others may be busy here. All of the answer takes a second.
    assert median < 500


def test_a_stream_comes_chunk_by_chunk(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.chunk_delay = 0.2
    provider.say("one two three four five")
    with opened(gateway, "/v1/chat/completions", "Count") as connection:
        received = [connection.recv(65_536)]
        while b"[DONE]" not in b"".join(received):
            received.append(connection.recv(65_536))
            assert received[-1], received
    # What is collected on the way comes in one piece; a busy machine may read two words at once.
    assert sum(any(word in piece for word in (b"one", b"two", b"three", b"four", b"five")) for piece in received) >= 3


def test_two_hundred_dropped_streams_leave_nothing_behind_and_are_stored(
    gateway: Server, provider: ScriptedOpenAI, cache: Any
) -> None:
    provider.chunk_delay = 0.02
    begun = workers(gateway)
    assert len(begun) == 4

    def drop(number: int) -> None:
        path = "/v1/audio/speech" if number % 2 else "/v1/chat/completions"
        with opened(gateway, path, f"Hello, I am client {number}.") as connection:
            first_byte(connection, b"\r\n\r\n")

    def drop_all(number: int) -> tuple[int, int]:
        first = number * DROPPED
        with ThreadPoolExecutor(40) as pool:
            list(pool.map(drop, range(first, first + DROPPED)))
        time.sleep(SETTLING)
        return held(gateway)

    # Pools of threads grow with what happens to be under way at once, each thread with its connections to Redis and the
    # database, and come to an end of it. What leaks grows with every round.
    rounds = [drop_all(0)]
    for number in range(1, MAX_ROUNDS):
        rounds.append(drop_all(number))
        if all(after - before < A_LEAK for before, after in zip(rounds[-2], rounds[-1], strict=True)):
            break
    else:
        pytest.fail(f"each round leaves more threads or files: {rounds}")
    stored = len(cache.keys("llm:exact:*"))
    print(f"threads and files: {rounds}; {stored} of {len(rounds) * DROPPED // 2} answers stored")  # noqa: T201
    assert stored >= DROPPED // 2
    assert workers(gateway) == begun
    provider.chunk_delay = 0
    # What the streams have opened is closed at the next calls; what these have opened may stay.
    time.sleep(PatientHTTPConnection.longest_idle)
    with ThreadPoolExecutor(AFTERWARDS) as pool:
        asked = [pool.submit(gateway.chat, f"Is all well with {number}?") for number in range(AFTERWARDS)]
    assert {future.result().status for future in asked} == {200}
    wait_until(lambda: provider.open_connections <= AFTERWARDS)


def test_a_dropped_answer_is_there_when_it_is_asked_for_again(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.chunk_delay = 0.05
    path, text = "/v1/chat/completions", "Tell me something long, please"
    with opened(gateway, path, text) as connection:
        first_byte(connection, b"data: ")
    body = {**body_for(path, text), "stream": False}
    again = gateway.request("POST", path, json=body)
    assert again.json()["choices"][0]["message"]["content"].startswith("You said: Tell me")
    assert len(provider.requests) == 1


def test_a_dropped_synthesis_is_stopped(gateway: Server, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.chunk_delay = 0.1
    text = " ".join(f"This is the sentence with the letter {letter}." for letter in "bcdefghijklmnop")
    with opened(gateway, "/v1/audio/speech", text) as connection:
        first_byte(connection, b"\r\n\r\n")
    time.sleep(SETTLING)
    # The one that was playing, those made ahead, and one more until the closed connection is noticed.
    assert len(provider.spoken) <= 1 + AHEAD + 1


def test_a_worker_synthesises_so_many_sentences_at_once(bare_gateway: Server, provider: ScriptedOpenAI) -> None:
    """The provider holds each of them; the rest wait for their turn, and all are spoken in the end."""
    provider.delay = 4.0
    with ThreadPoolExecutor(AT_ONCE + 2) as pool:
        spoken = [pool.submit(bare_gateway.speak, f"Number {number}.") for number in range(AT_ONCE + 2)]
        wait_until(lambda: len(provider.requests) >= AT_ONCE)
        time.sleep(1)
        assert len(provider.requests) == AT_ONCE
        assert {future.result().status for future in spoken} == {200}
    assert sorted(provider.spoken) == sorted(f"Number {number}." for number in range(AT_ONCE + 2))
