"""Bodies in chunks (RFC 9112, section 7.1): the same content as `http.client` reads, and in fewer pieces."""

from __future__ import annotations

import socket
import threading
import time
from http.client import HTTPException, HTTPResponse

import pytest

from speech.providers._shared.http_chunks import ChunkedResponse

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BODIES = {
    "words": b"5\r\nWhere\r\n3\r\n is\r\n7\r\n Paris?\r\n0\r\n\r\n",
    "one chunk": b"1\r\na\r\n0\r\n\r\n",
    "nothing": b"0\r\n\r\n",
    "line breaks as content": b"4\r\n\r\n\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n",
    "sizes as content": b"6\r\n1\r\nx\r\n\r\n3\r\n0\r\n\r\n0\r\n\r\n",
    "capitals and leading zeros": b"00A\r\n0123456789\r\n000b\r\n0123456789a\r\n000\r\n\r\n",
    "an extension of a chunk": b"2;name=value\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
    "a trailer": b"2\r\nab\r\n0\r\nExpires: never\r\n\r\n",
    "bare line feeds": b"2\nab\r\n2\r\ncd\r\n0\n\n",
    "no size": b"2\r\nab\r\n\r\ncd\r\n0\r\n\r\n",
    "a size that is none": b"2\r\nab\r\nxyz\r\ncd\r\n0\r\n\r\n",
    "a wrong size": b"2\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "larger than the buffer": b"2\r\nab\r\n5000\r\n" + b"x" * 0x5000 + b"\r\n1\r\nc\r\n0\r\n\r\n",
}


def pieces(kind: type[HTTPResponse], *sent: bytes) -> tuple[list[bytes], str]:
    """What is read of a body that is sent in these parts, and the name of the error at its end."""
    here, there = socket.socketpair()
    with here, there:
        sender = threading.Thread(target=_send, args=(there, sent))
        sender.start()
        response = kind(here, method="POST")
        response.begin()
        found: list[bytes] = []
        error = ""
        try:
            while piece := response.read1(65_536):
                found.append(piece)
        except (HTTPException, ValueError) as failure:
            error = type(failure).__name__
        sender.join()
        assert error or response.isclosed()
        return found, error


def _send(sock: socket.socket, parts: tuple[bytes, ...]) -> None:
    for part in parts:
        sock.sendall(part)
        time.sleep(0.001)
    sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_content_is_that_of_http_client_wherever_the_body_is_cut(body: bytes) -> None:
    expected, error = pieces(HTTPResponse, HEAD + body)
    for cut in range(min(len(body), 60)):
        found, failure = pieces(ChunkedResponse, HEAD + body[:cut], body[cut:])
        assert (b"".join(found), failure) == (b"".join(expected), error), cut


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_ends_early_fails_as_it_does_in_http_client(body: bytes) -> None:
    for end in range(min(len(body), 60)):
        expected, error = pieces(HTTPResponse, HEAD + body[:end])
        found, failure = pieces(ChunkedResponse, HEAD + body[:end])
        assert (b"".join(found), failure) == (b"".join(expected), error), end


def test_chunks_that_came_together_are_one_piece() -> None:
    assert pieces(ChunkedResponse, HEAD + BODIES["words"]) == ([b"Where is Paris?"], "")


def test_a_chunk_is_given_out_before_the_next_one_comes() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(HEAD + b"5\r\nWhere\r\n3\r\n i")
        response = ChunkedResponse(here, method="POST")
        response.begin()
        assert response.read1(65_536) == b"Where"
        assert response.read1(65_536) == b" i"
        there.sendall(b"s\r\n0\r\n\r\n")
        assert response.read1(65_536) == b"s"
        assert response.read1(65_536) == b""


def test_a_reader_that_wants_little_gets_no_more() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(HEAD + BODIES["words"])
        response = ChunkedResponse(here, method="POST")
        response.begin()
        assert [response.read1(2) for _ in range(3)] == [b"Wh", b"er", b"e"]
        assert response.read1(65_536) == b" is Paris?"
