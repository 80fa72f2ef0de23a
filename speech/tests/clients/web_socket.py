"""A WebSocket server (RFC 6455) that reads the messages of Azure's Speech SDK and hangs up after the SSML."""

from __future__ import annotations

import base64
import hashlib
import socketserver
import struct
import threading
from typing import Any, Self

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        log: WebSocketLog = self.server.log  # type: ignore[attr-defined]
        self.rfile.readline()
        headers = {}
        while line := self.rfile.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        log.headers = headers
        accept = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + _GUID).digest())  # noqa: S324
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
        )
        while "ssml" not in log.messages:
            head, _, body = self._message().decode().partition("\r\n\r\n")
            [path] = [line.partition(":")[2] for line in head.split("\r\n") if line.lower().startswith("path:")]
            log.messages[path] = body

    def _message(self) -> bytes:
        length = self.rfile.read(2)[1] & 127
        if length == 126:
            [length] = struct.unpack(">H", self.rfile.read(2))
        mask = self.rfile.read(4)
        return bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(length)))


class WebSocketLog:
    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        """The bodies, by the path that the messages name."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/tts/cognitiveservices/websocket/v1"

    def __enter__(self) -> Self:
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.log = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
