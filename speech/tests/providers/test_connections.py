"""Connections that fail, each told for what it is, and proxies."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pytest_django import Settings

from speech.exceptions import GatewayError, ProviderNotConfigured, ProviderUnavailable
from speech.providers._shared import http
from speech.providers._shared.http import ProviderRequest, call_for_json
from speech.providers._shared.http_connections import PatientHTTPConnection
from speech.tests.loopback import FakeOpenAI
from speechsite.tests.support.ending import end_server
from speechsite.tests.support.redis_server import self_signed_certificate
from speechsite.tests.support.waiting import wait_until

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Where is Paris?"}]}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(http, "_FIRST_PAUSE", 0.01)
    settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 2
    settings.PROXIES = {"https": "", "http": "", "no": ""}


class Proxy(socketserver.ThreadingTCPServer):
    """Forwards plain requests, and refuses tunnels unless a port is given."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.tunnels_to = 0
        super().__init__(("127.0.0.1", 0), _Forwarder)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://user:pass%40word@127.0.0.1:{self.server_address[1]}"


class _Forwarder(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        self.server.seen.append((self.path, self.headers["Proxy-Authorization"]))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = urllib3.request("POST", self.path, body=body, headers={"Content-Type": "application/json"})
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(answer.data)))
        self.end_headers()
        self.wfile.write(answer.data)

    def do_CONNECT(self) -> None:
        self.server.seen.append((self.path, self.headers["Proxy-Authorization"]))
        if not self.server.tunnels_to:
            self.send_error(403)
            return
        with socket.create_connection(("127.0.0.1", self.server.tunnels_to)) as target:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: target, target: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 30)[0]:
                    if not (data := end.recv(65536)):
                        return
                    ends[end].sendall(data)

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        yield proxy
        end_server(proxy)


def failure(url: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        call_for_json(ProviderRequest("acme", url, {"Authorization": "Bearer secret"}, CHAT))
    return caught.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


def test_a_port_that_is_closed() -> None:
    assert failure(f"http://127.0.0.1:{closed_port()}/").message == "cannot connect to acme: connection refused"


def test_a_name_that_is_unknown() -> None:
    assert failure("http://nowhere.invalid/").message == "cannot connect to acme: its host name cannot be resolved"


def test_tls_to_a_plain_port() -> None:
    with FakeOpenAI() as server:
        error = failure(server.url.replace("http://", "https://"))
    assert "does not speak TLS" in error.message and "http://" in error.message


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed_certificate(tmp_path)


@pytest.fixture
def untrusted(certificate: tuple[Path, Path]) -> Iterator[int]:
    """The port of a TLS server with a certificate that nobody knows; it hangs up after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listening.accept()
                    with contextlib.suppress(OSError), peer:
                        context.wrap_socket(peer, server_side=True).close()

        threading.Thread(target=shake_hands, daemon=True).start()
        yield listening.getsockname()[1]


def test_a_certificate_that_nobody_knows(untrusted: int) -> None:
    error = failure(f"https://127.0.0.1:{untrusted}/")
    assert "its certificate is not trusted" in error.message and "SSL_CERT_FILE" in error.message


def test_a_certificate_authority_of_ones_own_is_trusted(
    untrusted: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert "certificate" not in failure(f"https://127.0.0.1:{untrusted}/").message


def test_a_tunnel_leads_to_the_provider(proxy: Proxy, settings: Settings, untrusted: int) -> None:
    proxy.tunnels_to = untrusted
    settings.PROXIES = {"https": proxy.url, "http": "", "no": ""}
    assert "its certificate is not trusted" in failure("https://api.example/v1").message
    assert {path for path, _ in proxy.seen} == {"api.example:443"}


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://["])
def test_an_address_that_is_none(url: str) -> None:
    error = failure(url)
    assert isinstance(error, ProviderNotConfigured) and "ACME_BASE_URL" in error.message


def test_a_proxy_forwards_and_is_logged_in_to(proxy: Proxy, settings: Settings) -> None:
    settings.PROXIES = {"https": "", "http": proxy.url, "no": ""}
    with FakeOpenAI() as server:
        url = f"{server.url}/v1/chat/completions"
        answer = call_for_json(ProviderRequest("acme", url, {}, CHAT))
        assert answer["model"] == "m"
        assert proxy.seen == [(url, urllib3.make_headers(proxy_basic_auth="user:pass@word")["proxy-authorization"])]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "localhost,127.0.0.1", "*"])
def test_hosts_of_no_proxy_are_asked_directly(proxy: Proxy, settings: Settings, no_proxy: str) -> None:
    settings.PROXIES = {"https": "", "http": proxy.url, "no": no_proxy}
    with FakeOpenAI() as server:
        call_for_json(ProviderRequest("acme", f"{server.url}/v1/chat/completions", {}, CHAT))
    assert proxy.seen == []


def test_a_proxy_that_refuses_a_tunnel(proxy: Proxy, settings: Settings) -> None:
    settings.PROXIES = {"https": proxy.url, "http": "", "no": ""}
    error = failure("https://api.example/v1")
    assert isinstance(error, ProviderUnavailable) and "the proxy fails (it refuses to forward)" in error.message
    assert {path for path, _ in proxy.seen} == {"api.example:443"}


def test_a_proxy_that_is_gone(settings: Settings) -> None:
    settings.PROXIES = {"https": f"http://127.0.0.1:{closed_port()}", "http": "", "no": ""}
    assert "the proxy fails (connection refused)" in failure("https://api.example/v1").message


def ask_at_once(server: FakeOpenAI, calls: int) -> None:
    request = ProviderRequest("acme", server.url + "/v1/chat/completions", {}, CHAT)
    with ThreadPoolExecutor(calls) as threads:
        list(threads.map(call_for_json, [request] * calls))


def test_connections_are_kept_for_as_many_calls_as_there_are_threads(settings: Settings) -> None:
    settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 10
    with FakeOpenAI(delay=0.5) as server:
        for _ in range(2):
            ask_at_once(server, settings.THREADS)
        assert server.connections <= settings.THREADS


def test_connections_that_were_idle_for_long_are_closed_at_the_next_call(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, though only the last one that was used is tried."""
    settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 10
    with FakeOpenAI(delay=0.5) as server:
        ask_at_once(server, 10)
        assert server.open_connections > 1
        monkeypatch.setattr(PatientHTTPConnection, "longest_idle", 0.1)
        time.sleep(0.2)
        ask_at_once(server, 1)
        wait_until(lambda: server.open_connections <= 1)
