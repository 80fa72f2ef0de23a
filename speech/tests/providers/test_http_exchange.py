"""What is sent at once, and read without `email.parser`, equals what `http.client` sends and reads."""

from __future__ import annotations

import socket
import threading
from http.client import HTTPException
from http.client import HTTPResponse as PlainResponse
from typing import Any

import pytest

from speech.providers._shared.http_connections import PatientHTTPConnection
from speech.providers._shared.http_exchange import Answer, head_of

LINE = b"HTTP/1.1 200 OK\r\n"
BODY = b'{"a": 1}'
HEADS = {
    "with a length": LINE + b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n",
    "in other letters": LINE + b"content-LENGTH:8\r\nCONTENT-type:   a/b  \r\n\r\n",
    "with line ends alone": b"HTTP/1.1 200 OK\nContent-Length: 8\n\n",
    "in chunks": LINE + b"Transfer-Encoding: Chunked\r\n\r\n",
    "in chunks and with a length": LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 8\r\n\r\n",
    "until the end": LINE + b"Content-Type: a/b\r\n\r\n",
    "that closes": LINE + b"Content-Length: 8\r\nConnection: Close\r\n\r\n",
    "of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n",
    "of HTTP/1.0 that stays open": b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\nConnection: keep-alive\r\n\r\n",
    "after a 100": b"HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n" + LINE + b"Content-Length: 8\r\n\r\n",
    "without a reason": b"HTTP/1.1 503\r\nContent-Length: 8\r\n\r\n",
    "without a body": b"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
    "with a length that is none": LINE + b"Content-Length: eight\r\n\r\n",
    "with a negative length": LINE + b"Content-Length: -1\r\n\r\n",
    "with its length twice": LINE + b"Content-Length: 8\r\nContent-Length: 8\r\n\r\n",
    "with a field twice": LINE + b"Set-Cookie: a\r\nX: 1\r\nset-cookie: b\r\nContent-Length: 8\r\n\r\n",
    "with a field over two lines": LINE + b"X-Long: one\r\n  two\r\nContent-Length: 8\r\n\r\n",
    "with a line that is no field": LINE + b"X: 1\r\nno field\r\nContent-Length: 8\r\n\r\n",
    "with a blank in a name": LINE + b"X: 1\r\nX Y: 2\r\nContent-Length: 8\r\n\r\n",
    "with a carriage return in a value": LINE + b"X: 1\rY: 2\r\nContent-Length: 8\r\n\r\n",
    "with letters of Latin-1": LINE + "X: Größe\r\nContent-Length: 8\r\n\r\n".encode("latin-1"),
    "with an empty field": LINE + b"X:\r\nContent-Length: 8\r\n\r\n",
    "cut after a field": LINE + b"Content-Length: 8\r\n",
    "with an unknown version": b"HTTP/2.0 200 OK\r\n\r\n",
    "that is no head": b"hello\r\n\r\n",
    "with a status that is none": b"HTTP/1.1 abc OK\r\n\r\n",
    "that is empty": b"",
    "with a line without end": LINE + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
    "with too many fields": LINE + b"X: y\r\n" * 200 + b"\r\n",
}


def _read(kind: type[PlainResponse], head: bytes) -> Any:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head + BODY)
        theirs.shutdown(socket.SHUT_WR)
        answer = kind(ours, method="POST")
        try:
            answer.begin()
        except HTTPException as error:
            return type(error)
        # Some servers end a value with a blank, which is no part of it (RFC 9112, section 5.1).
        fields = sorted((name.lower(), value.strip()) for name, value in answer.headers.items())
        framed = (answer.chunked, answer.length, bool(answer.will_close))
        return answer.status, answer.reason, answer.version, framed, fields, answer.fp.read()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_is_read_as_http_client_reads_it(head: bytes) -> None:
    assert _read(Answer, head) == _read(PlainResponse, head)


def _sent(headers: dict[str, str], body: bytes) -> tuple[str, set[str], bytes]:
    """Return request line, fields and body of a request as its server gets them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = PatientHTTPConnection("127.0.0.1", server.getsockname()[1], timeout=5)
        sending = threading.Thread(target=connection.request, args=("POST", "/v1/chat?a=b", body, headers))
        sending.start()
        peer, _ = server.accept()
        with peer, peer.makefile("rb") as received:
            line, fields = received.readline().decode(), set[str]()
            while (field := received.readline().decode("latin-1")) != "\r\n":
                fields.add(field.lower())
            sent = received.read(len(body))
        sending.join()
        connection.close()
    return line, {field for field in fields if not field.startswith("host:")}, sent


@pytest.mark.parametrize("body", [b"", BODY, b"x" * 300_000])
def test_a_request_is_sent_as_http_client_sends_it(body: bytes) -> None:
    fields = {"Content-Type": "application/json", "Authorization": "Bearer sk-1"}
    assert _sent({"Host": "127.0.0.1", **fields}, body) == _sent(fields, body)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX: y", "a\r", "\n"])
def test_a_line_break_in_a_field_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        head_of("POST", "/", {"Host": "a", "Authorization": value}, 0)


def test_letters_that_a_head_cannot_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        head_of("POST", "/", {"Host": "a", "Authorization": "Bearer ключ"}, 0)
