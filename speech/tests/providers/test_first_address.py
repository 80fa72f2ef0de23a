"""Hosts with several addresses, some of which refuse or lead nowhere."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from pytest_django import Settings

from speech.exceptions import ProviderTimeout, ProviderUnavailable
from speech.providers._shared import http
from speech.providers._shared.first_address import HEAD_START, Address, by_turns, connect
from speech.providers._shared.http import ProviderRequest, call_for_json
from speech.tests.loopback import FakeOpenAI

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 and 127.0.0.3 are addresses on Linux only")

WORKS = "127.0.0.1"
# Nobody listens at the first of them, and the queue of the second is full: it answers no attempt to connect.
REFUSES, HOLE = "127.0.0.3", "127.0.0.2"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "Where is Paris?"}]}


def at(host: str, port: int) -> Address:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return (family, socket.SOCK_STREAM, 0, "", (host, port))


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def port(server: FakeOpenAI) -> Iterator[int]:
    """The port at which WORKS answers and HOLE does not."""
    port = int(server.url.rpartition(":")[2])
    with ExitStack() as open_sockets:
        hole = open_sockets.enter_context(socket.socket())
        hole.bind((HOLE, port))
        hole.listen(0)
        for _ in range(3):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect((HOLE, port))
        yield port


@pytest.mark.parametrize(
    ("hosts", "reached", "soon"),
    [
        ([WORKS], WORKS, 0.0),
        ([WORKS, HOLE], WORKS, 0.0),
        ([REFUSES, WORKS], WORKS, 0.0),
        ([HOLE, WORKS], WORKS, HEAD_START),
        ([HOLE, REFUSES, WORKS], WORKS, HEAD_START),
        ([HOLE, HOLE, WORKS], WORKS, 2 * HEAD_START),
    ],
)
def test_the_address_that_answers_first_is_used(port: int, hosts: list[str], reached: str, soon: float) -> None:
    began = time.monotonic()
    with connect([at(host, port) for host in hosts], 20.0, [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]) as sock:
        assert sock.getpeername() == (reached, port)
        assert sock.gettimeout() == 20.0
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert soon <= time.monotonic() - began < 10


def test_a_time_out_is_that_of_all_addresses_together(port: int) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        connect([at(HOLE, port)] * 3, 0.6, ())
    assert time.monotonic() - began < 10


def test_the_reason_is_that_of_the_last_one_that_refuses(port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect([at(REFUSES, port)] * 2, 5.0, ())


class _NoRoute(socket.socket):
    """Says of IPv6 what a host without it says."""

    def connect(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        super().connect(address)


@pytest.mark.parametrize(
    ("hosts", "number"),
    [
        ([REFUSES, "::1"], errno.ECONNREFUSED),
        (["::1", REFUSES], errno.ECONNREFUSED),
        (["::1", "::1"], errno.ENETUNREACH),
    ],
)
def test_the_reason_is_that_of_an_address_that_was_reached(
    port: int, monkeypatch: pytest.MonkeyPatch, hosts: list[str], number: int
) -> None:
    monkeypatch.setattr(socket, "socket", _NoRoute)
    with pytest.raises(OSError) as caught:
        connect([at(host, port) for host in hosts], 5.0, ())
    assert caught.value.errno == number


def test_families_take_turns() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    addresses = [(family, 0, 0, "", name) for family, name in [(six, 1), (six, 2), (six, 3), (four, 4)]]
    assert [address[-1] for address in by_turns(addresses)] == [1, 4, 2, 3]


@pytest.mark.parametrize(("hosts", "error"), [([HOLE], ProviderTimeout), ([REFUSES], ProviderUnavailable)])
def test_calls_go_to_the_address_that_answers(
    port: int, hosts: list[str], error: type[Exception], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.01)
    settings.PROVIDER_CONNECT_TIMEOUT = 5
    known = {"many.test": [*hosts, WORKS], "none.test": hosts}
    resolve = socket.getaddrinfo

    def resolved(host: str, *options: Any, **more: Any) -> Any:
        found = [resolve(each, *options, **more) for each in known.get(host, [host])]
        return [address for addresses in found for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    began = time.monotonic()
    url = f"http://many.test:{port}/v1/chat/completions"
    assert call_for_json(ProviderRequest("acme", url, {}, CHAT))["model"] == "m"
    assert time.monotonic() - began < 5
    settings.PROVIDER_CONNECT_TIMEOUT = 1
    with pytest.raises(error):
        call_for_json(ProviderRequest("acme", f"http://none.test:{port}/", {}, CHAT))
