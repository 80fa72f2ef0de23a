"""Read several streams at once in one thread, and note how long after it was sent each word came."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.speed.load import MODEL, Ask
from benchmarks.speed.moments import words_in

PATIENCE_SECONDS = 120.0


@dataclass(slots=True)
class Heard:
    """One stream."""

    delays_ms: list[float] = field(default_factory=list)
    unread: bytes = b""

    def take(self, data: bytes, now: float) -> None:
        self.unread += data
        words = list(words_in(self.unread))
        self.delays_ms += [(now - moment) * 1000 for moment, _ in words]
        if words:
            self.unread = self.unread[words[-1][1] :]


def streamed(ask: Ask, question: str, words: int, **fields: object) -> Ask:
    """`ask`, with a body that asks for a stream of so many words."""
    message = {"role": "user", "content": question}
    body = {"model": MODEL, "messages": [message], "stream": True, "max_tokens": words, **fields}
    return Ask(ask.url, json.dumps(body), ask.headers, ask.process)


def read(asks: Sequence[Ask]) -> list[Heard]:
    """Send all at once, and read all to their ends. Raises RuntimeError if one is not a whole stream."""
    heard: dict[socket.socket, Heard] = {}
    with selectors.DefaultSelector() as selector:
        for ask in asks:
            connection = _sent(ask)
            heard[connection] = Heard()
            selector.register(connection, selectors.EVENT_READ)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(1):
                connection = key.fileobj  # type: ignore[assignment]
                data, now = connection.recv(65_536), time.monotonic()
                heard[connection].take(data, now)
                if not data or b"[DONE]" in data:
                    selector.unregister(connection)
                    connection.close()
    for stream in heard.values():
        if b"[DONE]" not in stream.unread:
            raise RuntimeError(f"a stream ended with {stream.unread[-500:]!r}")
    return list(heard.values())


def _sent(ask: Ask) -> socket.socket:
    address = urlsplit(ask.url)
    connection = socket.create_connection((address.hostname or "", address.port or 80))
    body = ask.body.encode()
    headers = {"Host": address.netloc, "Content-Length": str(len(body)), **ask.all_headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"POST {address.path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
    return connection
