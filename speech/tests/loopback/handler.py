"""How a loopback server puts an answer on the wire, well or badly."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from speech.tests.loopback.answers import Answer, Seen

if TYPE_CHECKING:
    from speech.tests.loopback.server import Loopback

FAULTS = ("hang", "stall", "half", "reset", "drip", "drip-head", "drip-line", "wrong-json", "empty", "redirect")
"""What `behave` knows beside "ok" and the names of a provider's errors."""

_DRIP = 0.1  # seconds between two bytes


def _read(raw: bytes, content_type: str) -> Any:
    """JSON, or the fields of a form by their names; a file is its bytes."""
    if content_type.startswith(("application/ssml+xml", "application/octet-stream", "audio/")):
        return raw
    if not content_type.startswith("multipart/"):
        return json.loads(raw) if raw else None
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + raw)
    fields: dict[str, Any] = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content: Any = part.get_payload(decode=True)
        fields[str(name)] = content if part.get_filename() else content.decode()
        if filename := part.get_filename():
            fields["filename"] = filename
    return fields


def for_server(owner: Loopback) -> type[Handler]:
    return type("BoundHandler", (Handler,), {"owner": owner})


class Handler(BaseHTTPRequestHandler):
    owner: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.owner.opened()

    def finish(self) -> None:
        self.owner.closed()
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = _read(raw, headers.get("content-type", ""))
        seen = Seen(path=self.path, headers=headers, body=body, port=self.client_address[1])
        behaviour = self.owner.admit(seen)
        self.owner.stopping.wait(self.owner.delay)
        try:
            if behaviour in FAULTS:
                getattr(self, "_" + behaviour.replace("-", "_"))(self.owner.answer(seen))
            else:
                self._send(self.owner.errors.get(behaviour) or self.owner.answer(seen))
                self.owner.sent(seen, behaviour)
        except OSError:
            self.owner.closed_early.set()
            self.close_connection = True

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.streamed:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()

    def _write(self, answer: Answer, chunk: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if answer.streamed else chunk)

    def _send(self, answer: Answer) -> None:
        self._head(answer)
        for number, chunk in enumerate(answer.chunks):
            if number:
                self.owner.stopping.wait(self.owner.chunk_delay)
            else:
                self.owner.first_sent = time.perf_counter()
            self._write(answer, chunk)
        if answer.streamed:
            self.wfile.write(b"0\r\n\r\n")

    def _some(self, answer: Answer) -> None:
        """The head and the first half, which ends at no particular place."""
        self._head(answer)
        self._write(answer, answer.body[: len(answer.body) // 2])
        self.close_connection = True

    def _hang(self, answer: Answer) -> None:
        self.owner.stopping.wait()
        self.close_connection = True

    def _stall(self, answer: Answer) -> None:
        self._some(answer)
        self.owner.stopping.wait()

    def _half(self, answer: Answer) -> None:
        self._some(answer)

    def _reset(self, answer: Answer) -> None:
        self._some(answer)
        self.wfile.flush()
        # Zero linger: the kernel answers with RST instead of a clean end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.connection.close()

    def _drip(self, answer: Answer) -> None:
        self._head(answer)
        self._slowly(answer.body, lambda byte: self._write(answer, byte))

    def _drip_head(self, answer: Answer) -> None:
        self._slowly(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 60_000, self.wfile.write)

    def _drip_line(self, answer: Answer) -> None:
        """The line that says how long the first chunk is never ends."""
        self._head(replace(answer, streamed=True))
        self._slowly(b"0" * 60_000, self.wfile.write)

    def _slowly(self, data: bytes, write: Callable[[bytes], object]) -> None:
        for byte in data:
            if self.owner.stopping.wait(_DRIP):
                break
            write(bytes([byte]))
        self.close_connection = True

    def _wrong_json(self, answer: Answer) -> None:
        streamed_json = answer.content_type == "text/event-stream"
        kind = answer.content_type if streamed_json else "application/json"
        self._send(Answer([b'data: {"choices": [\n\n' if streamed_json else b'{"choices": ['], content_type=kind))

    def _empty(self, answer: Answer) -> None:
        kind = answer.content_type
        self._send(Answer([b"{}" if kind == "application/json" else b""], content_type=kind))

    def _redirect(self, answer: Answer) -> None:
        self._send(Answer([b""], status=307, headers={"Location": self.owner.url + "/elsewhere"}))
