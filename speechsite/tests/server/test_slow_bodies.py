"""Clients that announce a body and do not send it, against a real worker with few threads."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import urllib3

from speechsite.tests.support.server import Server
from speechsite.tests.support.waiting import wait_until

THREADS = 8
SLOW = THREADS + 4
FORM = "application/x-www-form-urlencoded"
COOKIE = f"csrftoken={'c' * 32}"
"""Without one, Django refuses a form by its head."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("small")
    running = Server(directory, {"THREADS": str(THREADS), "LLM_PROVIDER": "demo"}, workers=1)
    yield running
    running.stop()


@contextmanager
def unfinished(server: Server, path: str, *headers: str) -> Iterator[None]:
    """So many requests whose bodies have only begun."""
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Content-Length: 1000", *headers]
    with ExitStack() as open_ones:
        for _ in range(SLOW):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            one.sendall("\r\n".join(head).encode() + b"\r\n\r\n{")
        yield


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
    with unfinished(small, path, f"Authorization: Bearer {key}", f"Content-Type: {kind}"):
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
    with unfinished(small, "/api/chat/", f"Authorization: Bearer {key}", "Content-Type: application/json"):
        wait_for(503, small, key)
    wait_for(200, small, key)
