"""Baseline of streams: pass on what a provider sends, unread. Served like the gateway."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_provider = urlsplit(os.environ.get("OPENAI_BASE_URL", ""))


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    return _received(body)


def _received(body: bytes) -> Iterator[bytes]:
    """Yield a response as it comes, head and lines before chunks included. HTTP/1.0: it ends the connection."""
    head = f"POST {_provider.path}/chat/completions HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection((_provider.hostname or "", _provider.port or 80)) as connection:
        connection.sendall(head + body)
        while data := connection.recv(65_536):
            yield data
