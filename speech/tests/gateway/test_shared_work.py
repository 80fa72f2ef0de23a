"""Identical misses at the same time, over four workers: one call to the provider, also when somebody dies."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import urllib3

from speech.tests.gateway.conftest import READ_TIMEOUT, WORKERS, environment
from speech.tests.gateway.scripted import ScriptedOpenAI, choice
from speech.tests.gateway.test_streaming import first_byte, opened
from speech.tests.loopback.answers import tone
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

AT_ONCE = 200
QUESTION = "Are you all right?"
ANSWER = f"You said: {QUESTION}. That is all."
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"city": "Pune"}'}}


def chat(**fields: Any) -> tuple[str, dict[str, Any]]:
    return "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": QUESTION}], **fields}


def speech() -> tuple[str, dict[str, Any]]:
    return "/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": QUESTION, "response_format": "pcm"}


WAYS = {"chat": chat(), "chat streamed": chat(stream=True), "speech": speech()}


def send(server: Server, path: str, body: dict[str, Any], retries: int = 0) -> urllib3.BaseHTTPResponse:
    """On a connection of its own, so that the kernel spreads the requests over the workers."""
    with urllib3.PoolManager(retries=False, timeout=60) as pool:
        headers = {"Authorization": f"Bearer {server.key}"}
        try:
            return pool.request("POST", server.url + path, json=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            # What clients do when the worker that they talked to has died.
            if not retries:
                raise
            return send(server, path, body, retries - 1)


def all_at_once(call: Callable[[], Any], count: int = AT_ONCE) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(count)]]


def heard(response: urllib3.BaseHTTPResponse) -> bytes:
    """The text or the sound of an answer, however it came."""
    if response.headers["content-type"].startswith("audio/"):
        return response.data
    if response.headers["content-type"] == "application/json":
        body = response.json()
        return str(body["choices"][0]["message"]["content"] if "choices" in body else body["error"]["code"]).encode()
    pieces = re.findall(rb'"(?:content|code)":"([^"]*)"', response.data)
    return b"".join(pieces).strip()


def right_answer(way: str) -> bytes:
    return tone(QUESTION) if way == "speech" else ANSWER.encode()


@pytest.mark.parametrize("way", WAYS)
def test_two_hundred_at_once_make_one_call(gateway: Server, provider: ScriptedOpenAI, way: str) -> None:
    provider.delay, provider.chunk_delay = 1.5, 0.05
    began = time.monotonic()
    responses = all_at_once(lambda: send(gateway, *WAYS[way]))
    print(f"{way}: {AT_ONCE} answers after {time.monotonic() - began:.1f} s")  # noqa: T201
    assert {response.status for response in responses} == {200}
    assert {heard(response) for response in responses} == {right_answer(way)}
    assert len(provider.requests) == 1


def test_whole_and_streamed_requests_share_one_call(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.choices = [choice({"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]}, end="tool_calls")]
    provider.delay = 1.0
    turns = iter(range(20))
    responses = all_at_once(lambda: send(gateway, *chat(stream=bool(next(turns) % 2))), 20)
    for response in responses:
        assert response.status == 200
        assert b'"finish_reason":"tool_calls"' in response.data
        assert b"call_1" in response.data
    assert len(provider.requests) == 1


def test_followers_of_a_stream_hear_it_as_it_comes(gateway: Server, provider: ScriptedOpenAI) -> None:
    provider.chunk_delay = 0.3

    def first_and_last() -> float:
        with opened(gateway, "/v1/chat/completions", QUESTION) as connection:
            return -first_byte(connection, b"You") + first_byte(connection, b"[DONE]")

    assert min(all_at_once(first_and_last, 8)) > 1
    assert len(provider.requests) == 1


@pytest.mark.alone
@pytest.mark.parametrize("way", WAYS)
def test_a_failure_reaches_everybody_at_once(gateway: Server, provider: ScriptedOpenAI, way: str) -> None:
    provider.delay = 1.5
    provider.behave("401")
    began = time.monotonic()
    responses = all_at_once(lambda: send(gateway, *WAYS[way]), 60)
    assert time.monotonic() - began < 8
    assert {(response.status, heard(response)) for response in responses} == {(502, b"provider_auth_failed")}
    assert len(provider.requests) == 1


@pytest.fixture(scope="module")
def _mortal(
    tmp_path_factory: pytest.TempPathFactory, _provider: ScriptedOpenAI
) -> Iterator[tuple[Server, RedisServer]]:
    directory = tmp_path_factory.mktemp("mortal")
    with RedisServer() as its_redis:
        server = Server(directory, environment(directory, _provider, its_redis.url), workers=WORKERS)
        yield server, its_redis
        server.stop()


@pytest.fixture
def mortal(_mortal: tuple[Server, RedisServer], provider: ScriptedOpenAI) -> tuple[Server, RedisServer]:
    """A gateway and a Redis that a test may kill."""
    its_redis = _mortal[1]
    if its_redis.process.poll() is not None:
        its_redis.start()
        # Each worker looks for a Redis that went away every half a second.
        time.sleep(2)
    its_redis.client().flushall()
    return _mortal


def leading_worker(server: Server, provider: ScriptedOpenAI) -> int:
    """The process that asked the provider. Others may hold idle connections to it from earlier tests."""
    import psutil

    for process in psutil.Process(server.process.pid).children(recursive=True):
        if any(link.laddr.port == provider.requests[-1].port for link in process.net_connections("tcp")):
            return process.pid
    raise AssertionError("nobody talks to the provider")


@pytest.mark.parametrize("way", WAYS)
def test_when_the_leading_worker_is_killed_another_takes_over(
    mortal: tuple[Server, RedisServer], provider: ScriptedOpenAI, way: str
) -> None:
    server, _ = mortal
    # So long that the leader still waits when it is killed, also beside other tests.
    provider.delay = 10.0
    finished: list[Any] = []
    thread = threading.Thread(
        target=lambda: finished.extend(all_at_once(lambda: send(server, *WAYS[way], retries=3), 60))
    )
    thread.start()
    wait_until(lambda: len(provider.requests) == 1)
    time.sleep(0.7)
    provider.delay = 1.0
    os.kill(leading_worker(server, provider), signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: len(provider.requests) == 2)
    taken_over = time.monotonic() - killed
    thread.join()
    print(f"{way}: taken over after {taken_over:.1f} s, all answered {time.monotonic() - killed:.1f} s after")  # noqa: T201
    # Within two seconds on a machine of its own; sooner than those who wait lose their patience on any.
    assert taken_over < READ_TIMEOUT
    assert {response.status for response in finished} == {200}
    assert {heard(response) for response in finished} == {right_answer(way)}
    assert len(provider.requests) == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", ["before the first byte", "in the middle"])
def test_when_redis_is_killed_everybody_works_for_themselves(
    mortal: tuple[Server, RedisServer], provider: ScriptedOpenAI, way: str, moment: str
) -> None:
    server, its_redis = mortal
    provider.delay, provider.chunk_delay = (1.5, 0.0) if moment.startswith("before") else (0.0, 0.3)
    kill = threading.Timer(0.7, its_redis.kill)
    kill.start()
    responses = all_at_once(lambda: send(server, *WAYS[way]), 12)
    kill.join()
    assert {response.status for response in responses} == {200}
    assert {heard(response) for response in responses} == {right_answer(way)}


def test_it_leaves_only_the_entry_in_redis(gateway: Server, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.delay = 0.5
    all_at_once(lambda: send(gateway, *WAYS["chat"]), 10)
    assert len(cache.keys("llm:exact:*")) == 1
    left = cache.keys("flight:*")
    assert left, "the stream that the followers read"
    assert len(cache.keys("llm:*")) + len(left) == cache.dbsize()
    assert all(0 < cache.ttl(key) <= 10 for key in left)
