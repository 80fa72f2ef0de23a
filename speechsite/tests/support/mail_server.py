"""An SMTP server and a webhook on loopback, which keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from speechsite.tests.support.ending import end_server


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 loopback")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                raw = b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
                self.server.received.append(message_from_bytes(raw, policy=policy.default))  # type: ignore[attr-defined]
            self._say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status: int = self.server.status  # type: ignore[attr-defined]
        if status == 200:
            self.server.received.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Keep the tests' output clean."""


@contextmanager
def mail_server() -> Iterator[tuple[int, list[EmailMessage]]]:
    """Port, and the messages that were sent to it."""
    with _running(socketserver.TCPServer(("127.0.0.1", 0), _Smtp)) as server:
        yield server.server_address[1], server.received


@contextmanager
def webhook() -> Iterator[Any]:
    """A server with `server_port`, `received` and the `status` that it answers."""
    with _running(HTTPServer(("127.0.0.1", 0), _Webhook)) as server:
        server.status = 200
        yield server


@contextmanager
def _running(server: Any) -> Iterator[Any]:
    server.received = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    end_server(server)
    thread.join()
