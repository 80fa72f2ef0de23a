"""Clients that announce a body and do not send it, against a real worker with few threads."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product

import pytest
import urllib3

from speechsite.server import addresses, slow_bodies
from speechsite.server.slow_bodies import Readers
from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

THREADS = 8
SLOW = THREADS + 4
FORM = "application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
SOCKETS = 300
IDLE = 4000
COOKIE = f"csrftoken={'c' * 32}"
"""Without one, Django refuses a form by its head."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("small")
    running = Server(directory, {"THREADS": str(THREADS), "LLM_PROVIDER": "demo"}, workers=1)
    yield running
    running.stop()


@contextmanager
def unfinished(
    server: Server, path: str, *headers: str, authorizations: Sequence[str] = ("",) * SLOW
) -> Iterator[None]:
    """So many requests whose bodies have only begun, each from a loopback address of its own."""
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Content-Length: 1000", *headers]
    with ExitStack() as open_ones:
        for number, authorization in enumerate(authorizations):
            source = (f"127.0.{1 + number // 250}.{1 + number % 250}", 0)
            one = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=source)
            open_ones.enter_context(one)
            lines = [*head, f"Authorization: {authorization}"] if authorization else head
            one.sendall("\r\n".join(lines).encode() + b"\r\n\r\n{")
        yield


def spellings(key: str, count: int) -> list[str]:
    """Authorization headers of one key that all differ."""
    cased = ["".join(letters) for letters in product(*({c.lower(), c.upper()} for c in "bearer"))]
    return [f"{cased[number % 64]}{' ' * (1 + number // 64)}{key}" for number in range(count)]


def ask(server: Server, key: str) -> urllib3.BaseHTTPResponse:
    return server.request(
        "POST", "/api/chat/", json={"query": "And for me?"}, headers={"Authorization": f"Bearer {key}"}
    )


def wait_for(status: int, server: Server, key: str) -> urllib3.BaseHTTPResponse:
    """The first answer with this status: a busy server may not have begun to read all bodies, or to miss them."""

    def look() -> urllib3.BaseHTTPResponse | None:
        answer = ask(server, key)
        return answer if answer.status == status else None

    return wait_until(look)


@pytest.mark.parametrize("path", ["/api/chat/", "/v1/chat/completions", "/v1/audio/transcriptions"])
def test_a_client_whose_bodies_do_not_come_is_in_nobodys_way(small: Server, path: str) -> None:
    key = small.new_client(f"slow {path}")
    kind = "multipart/form-data; boundary=b" if path.endswith("transcriptions") else "application/json"
    with unfinished(small, path, f"Content-Type: {kind}", authorizations=[f"Bearer {key}"] * SLOW):
        assert small.chat("Is anybody there?").status == 200
        refused = wait_for(503, small, key)
    assert refused.json()["error"]["code"] == "server_busy"
    assert refused.headers["retry-after"] == "1"


def test_strangers_at_the_login_are_in_nobodys_way(small: Server) -> None:
    with unfinished(small, "/admin/login/", f"Content-Type: {FORM}", f"Cookie: {COOKIE}"):
        assert small.chat("Is anybody there?").status == 200
        assert small.request("GET", "/admin/login/").status == 200
        refused = small.request("POST", "/admin/login/", fields={"username": "a"}, headers={"Cookie": COOKIE})
    assert refused.status == 403


def test_once_they_have_gone_their_client_is_served_again(small: Server) -> None:
    key = small.new_client("slow and gone")
    with unfinished(small, "/api/chat/", JSON, authorizations=[f"Bearer {key}"] * SLOW):
        wait_for(503, small, key)
    wait_for(200, small, key)


@pytest.mark.parametrize("who", ["one key in 300 spellings", "no key", "the login page"])
def test_of_300_sockets_another_client_notices_nothing(small: Server, who: str) -> None:
    key = small.new_client(f"300 times {who}")
    headers = {
        "one key in 300 spellings": spellings(key, SOCKETS),
        "no key": [f"Bearer nobody {number}" for number in range(SOCKETS)],
        "the login page": [""] * SOCKETS,
    }[who]
    path, kind = ("/admin/login/", f"Content-Type: {FORM}") if who == "the login page" else ("/api/chat/", JSON)
    small.chat("Is it fast?")
    seconds = []
    with unfinished(small, path, kind, f"Cookie: {COOKIE}", authorizations=headers):
        for number in range(100):
            began = time.monotonic()
            assert (small.chat("Is it fast?") if number % 10 else small.request("GET", "/healthz")).status == 200
            seconds.append(time.monotonic() - began)
    assert sorted(seconds)[98] < 1


def test_idle_connections_take_no_place_of_others(small: Server) -> None:
    _, hard = allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 1000:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with ExitStack() as open_ones:
            for _ in range(IDLE):
                open_ones.enter_context(socket.create_connection(("127.0.0.1", small.port), timeout=60))
            assert small.chat("Is there room?").status == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)


def status_after_all_is_sent(server: Server, key: str, size: int) -> bytes:
    """As a proxy asks: it sends the body that it holds, and fails if it cannot."""
    head = [
        "POST /v1/audio/transcriptions HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {key}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {size}",
        # As Caddy passes it on.
        "Expect: 100-continue",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as one:
        one.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
        for _ in range(size // 50_000):
            one.sendall(b"x" * 50_000)
        answer = one.recv(1000).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        return (answer or one.recv(12))[:12]


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_an_upload_that_is_refused_unread_gets_its_answer_through_a_proxy(small: Server, size: int) -> None:
    limited = small.new_client(f"refused {size}", "--requests-per-minute", "1")
    status_after_all_is_sent(small, limited, size)
    assert [status_after_all_is_sent(small, "sg_unknown", size) for _ in range(5)] == [b"HTTP/1.1 401"] * 5
    assert [status_after_all_is_sent(small, limited, size) for _ in range(5)] == [b"HTTP/1.1 429"] * 5


@pytest.fixture
def readers() -> Readers:
    return Readers(16)


def test_each_sender_gets_half_of_what_others_leave(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "WAITING_SECONDS", 0.0)

    def fill(sender: str) -> int:
        count = 0
        while readers.enter(sender):
            count += 1
        return count

    assert [fill(sender) for sender in "abcdefg"] == [8, 4, 2, 1, 1, 0, 0]


def test_who_waits_gets_the_next_place_and_nothing_is_kept(readers: Readers) -> None:
    held = [readers.enter("a") for _ in range(8)]
    later = threading.Timer(0.05, lambda: readers.leave("a", held.pop()))
    later.start()
    ticket = readers.enter("a")
    assert ticket is not None
    for one in (*held, ticket):
        readers.leave("a", one)
    assert not readers._all and not readers._by_sender


def test_a_slow_sender_does_not_wait(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_bodies, "SLOW_SECONDS", 0.0)
    while readers.enter("a"):
        pass
    began = time.monotonic()
    assert readers.enter("a") is None and time.monotonic() - began < 0.1
    assert readers.enter("b") is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "unix:", False),
    ],
)
def test_an_ipv6_host_is_one_sender(one: str, other: str, same: bool) -> None:
    assert (addresses._network(one) == addresses._network(other)) is same
