"""Answers on kept connections: heads, lines of HTTP chunks, compressed bodies, and what follows a fault or a pause."""

from __future__ import annotations

import gzip
import io
import random
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from pytest_django import Settings

from speech.exceptions import GatewayError, ProviderBadAnswer, ProviderTimeout, ProviderUnavailable
from speech.providers._shared.http import ProviderRequest, post
from speech.providers._shared.http_connections import PatientHTTPConnection
from speech.providers._shared.http_response import Reply
from speechsite.tests.support.ending import end_server

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = b"5\r\nhello\r\n0\r\n\r\n"


class Scripted(socketserver.ThreadingTCPServer):
    """Answers each request with the bytes of `body`, and once `resume` is set with those of `rest`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.head, self.body, self.rest = HEAD, WHOLE, b""
        self.announced = b""
        """What is sent before the head of the answer."""
        self.hangs_up = False
        self.resume, self.resumed = threading.Event(), threading.Event()
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Script)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""

    def call(self) -> ProviderRequest:
        return ProviderRequest("acme", f"http://127.0.0.1:{self.server_address[1]}/", {}, {})


class _Script(socketserver.StreamRequestHandler):
    server: Scripted
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.server.connections += 1
        while self._read_request():
            self.wfile.write(self.server.announced)
            self.wfile.write(self.server.head + self.server.body)
            if self.server.rest:
                self.server.resume.wait(10)
                self.wfile.write(self.server.rest)
                self.server.resumed.set()
            if self.server.hangs_up:
                return

    def _read_request(self) -> bool:
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.rfile.read(length)
        return bool(line)


@pytest.fixture
def server(settings: Settings) -> Iterator[Scripted]:
    settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
    server = Scripted()
    yield server
    server.resume.set()
    end_server(server)


def read(server: Scripted) -> bytes:
    with post(server.call()) as reply:
        return b"".join(reply)


@pytest.mark.parametrize(
    "body",
    [
        b"5;a=b\r\nhello\r\n0;x\r\nT: 1\r\n\r\n",
        b'5 ; a="b"\r\nhello\r\n0\r\nT: 1\r\nU: 2\r\n\r\n',
        b"00005\r\nhello\r\n000\r\n\r\n",
    ],
    ids=["extensions and a trailer", "a quoted extension and trailers", "zeros"],
)
def test_extensions_and_trailers_are_no_part_of_the_body(server: Scripted, body: bytes) -> None:
    server.body = body
    assert [read(server), read(server)] == [b"hello", b"hello"]
    assert server.connections == 1


NOISE = random.Random(1).randbytes(200_000)
LINE_TOO_LONG = b"5\r\nhello\r\n" + b"0" * 70_000


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"5\r\nhello\r\n1", ProviderTimeout),
        (b"5\r\nhello\r\n9\r\nhal", ProviderTimeout),
        (b"5\r\nhello\r\n0\r\nT: 1", ProviderTimeout),
        (LINE_TOO_LONG, ProviderUnavailable),
        (b"5\r\nhello\r\nfive\r\nhello\r\n", ProviderUnavailable),
        (b"5\r\nhello and more\r\n", ProviderUnavailable),
    ],
    ids=["half a size", "half a chunk", "half a trailer", "endless size", "no size", "wrong size"],
)
@pytest.mark.parametrize("rest", [b"0\r\n\r\n", b"\r\n\r\n" + WHOLE])
def test_after_a_fault_in_a_stream_the_next_call_opens_a_connection(
    server: Scripted, body: bytes, rest: bytes, error: type[GatewayError]
) -> None:
    server.body, server.rest = body, rest
    with post(server.call()) as reply:
        with pytest.raises(error):
            list(reply)
        # What looks like an end arrives while the reply is about to be closed.
        server.resume.set()
        assert server.resumed.wait(10)
    server.body, server.rest = WHOLE, b""
    assert read(server) == b"hello"
    assert server.connections == 2


def test_after_a_connection_was_lost_in_a_stream_the_next_call_opens_one(server: Scripted) -> None:
    server.body, server.hangs_up = b"5\r\nhello\r\n9\r\nhal", True
    with pytest.raises(ProviderUnavailable):
        read(server)
    server.body = WHOLE
    assert read(server) == b"hello"
    assert server.connections == 2


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


@pytest.mark.parametrize("announced", [HINTS, PROCESSING, b"HTTP/1.1 100 Continue\r\n\r\n" + PROCESSING * 2 + HINTS])
def test_a_head_that_only_announces_the_answer_is_passed_over(server: Scripted, announced: bytes) -> None:
    server.announced = announced
    assert [read(server), read(server)] == [b"hello", b"hello"]
    assert server.connections == 1


def test_announcements_without_an_answer_come_to_an_end(server: Scripted) -> None:
    server.announced = PROCESSING * 1_000
    server.head = server.body = b""
    server.rest = HEAD + WHOLE
    with pytest.raises(ProviderTimeout):
        read(server)


@pytest.mark.parametrize(("longest_idle", "connections"), [(0.0, 2), (60.0, 1)])
def test_a_connection_that_was_idle_for_long_is_not_used_again(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, longest_idle: float, connections: int
) -> None:
    monkeypatch.setattr(PatientHTTPConnection, "longest_idle", longest_idle)
    assert [read(server), read(server)] == [b"hello", b"hello"]
    assert server.connections == connections


def test_a_connection_is_not_idle_while_an_answer_arrives(server: Scripted) -> None:
    server.body, server.rest = b"5\r\nhello\r\n", b"0\r\n\r\n"
    with post(server.call()) as reply:
        connection: Any = reply._response.connection
        chunks = iter(reply)
        next(chunks)
        connection.heard -= 100
        server.resume.set()
        assert list(chunks) == []
    assert read(server) == b"hello"
    assert server.connections == 1


@pytest.mark.parametrize("hangs_up", [True, False], ids=["connection lost", "silence"])
def test_a_compressed_stream_that_breaks_is_no_answer(server: Scripted, hangs_up: bool) -> None:
    half = gzip.compress(NOISE)[:50_000]
    server.head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    server.body, server.hangs_up, server.rest = b"%x\r\n%b\r\n" % (len(half), half), hangs_up, b"" if hangs_up else b"0"
    with pytest.raises(ProviderUnavailable if hangs_up else ProviderTimeout):
        read(server)
    server.resume.set()
    server.head, server.body, server.rest = HEAD, WHOLE, b""
    assert read(server) == b"hello"
    assert server.connections == 2


def compressed(body: bytes, coding: str = "gzip") -> Reply:
    headers = {"Content-Encoding": coding}
    return Reply("acme", urllib3.HTTPResponse(io.BytesIO(body), headers, preload_content=False))


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"answer"), "gzip"),
        (gzip.compress(b"ans") + gzip.compress(b"wer"), "gzip"),
        (gzip.compress(b"ans") + bytes(3) + gzip.compress(b"wer") + bytes(100_000), "GZip, identity"),
        (zlib.compress(b"answer"), "Deflate"),
        (zlib.compress(b"answer", wbits=-15), "deflate"),
        *((b"answer", name) for name in ["identity", "none", "", "utf-8", "identity, utf-8"]),
    ],
    ids=["gzip", "two members", "padded", "deflate", "raw deflate", "identity", "none", "empty", "utf-8", "two names"],
)
def test_a_compressed_answer_is_read(body: bytes, coding: str) -> None:
    assert compressed(body, coding).read(100) == b"answer"
    assert b"".join(compressed(body, coding)) == b"answer"


def test_nothing_is_nothing_when_it_is_compressed_too() -> None:
    assert compressed(b"").read(100) == b""
    assert list(compressed(b"")) == []


@pytest.mark.parametrize(
    ("compress", "coding"),
    [
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (lambda body: zlib.compress(body, wbits=-15), "deflate"),
    ],
    ids=["gzip", "deflate", "raw deflate"],
)
@pytest.mark.parametrize("body", [NOISE, bytes(1_000_000), b"word " * 100_003], ids=["noise", "zeros", "words"])
def test_a_large_compressed_answer_comes_in_pieces(
    compress: Callable[[bytes], bytes], coding: str, body: bytes
) -> None:
    pieces = list(compressed(compress(body), coding))
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 65_536


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(NOISE)[:100_000], "gzip"),
        (gzip.compress(NOISE)[:-8], "gzip"),
        (gzip.compress(NOISE)[:-8] + bytes(8), "gzip"),
        (gzip.compress(NOISE) + gzip.compress(NOISE)[:100_000], "gzip"),
        (zlib.compress(NOISE)[:100_000], "deflate"),
        (zlib.compress(NOISE, wbits=-15)[:100_000], "deflate"),
        (gzip.compress(NOISE) + b"noise", "gzip"),
        (gzip.compress(gzip.compress(NOISE)), "gzip, gzip"),
        (NOISE, "br"),
    ],
    ids=[
        "half",
        "no checksum",
        "wrong checksum",
        "half a member",
        "half deflate",
        "half raw deflate",
        "noise after the end",
        "twice",
        "unknown coding",
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "streamed"])
def test_compressed_data_that_cannot_be_read_to_its_end_is_no_answer(body: bytes, coding: str, whole: bool) -> None:
    """However complete its transfer is."""
    reply = compressed(body, coding)
    with pytest.raises(ProviderBadAnswer, match="cut off or unknown"):
        reply.read(1_000_000) if whole else list(reply)


@pytest.mark.parametrize(
    ("body", "coding"), [(b"answer", ""), (gzip.compress(b"answer"), "gzip")], ids=["plain", "gzip"]
)
def test_no_answer_is_copied_through_the_buffer_of_urllib3(
    monkeypatch: pytest.MonkeyPatch, body: bytes, coding: str
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a chunk was buffered")

    monkeypatch.setattr("urllib3.response.BytesQueueBuffer.put", refuse)
    assert compressed(body, coding).read(100) == b"answer"
    with pytest.raises(AssertionError):
        urllib3.HTTPResponse(io.BytesIO(body), {"Content-Encoding": coding}, preload_content=False).read1(100)
