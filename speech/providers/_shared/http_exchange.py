"""The head of a request as bytes, and the head of an answer read from them.

Bypassed (Python 3.11, urllib3 2.8): `http.client`'s head, assembled field by field and sent apart from the body, and
`email.parser` for the fields of an answer, with urllib3's checks and copies of what it returns. That is a third of the
CPU time of a call to a provider (docs/performance.md). speech/tests/providers/test_http_exchange.py compares both with
`http.client`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from http.client import CONTINUE, NO_CONTENT, NOT_MODIFIED, HTTPException, LineTooLong, UnknownProtocol, parse_headers
from http.client import HTTPResponse as PlainResponse

import urllib3
from urllib3 import HTTPHeaderDict

# As in http.client.
_LONGEST_LINE = 65_536
_MOST_FIELDS = 100
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_USER_AGENT = f"python-urllib3/{urllib3.__version__}"


def head_of(method: str, target: str, fields: Mapping[str, str], length: int) -> bytes:
    """Return the head of a request with a body of `length` bytes. `fields` must have a Host.

    Raises ValueError for a line break in a field, and for letters that a head cannot hold.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    lines += ["Accept-Encoding: identity", f"Content-Length: {length}", f"User-Agent: {_USER_AGENT}", "", ""]
    head = "\r\n".join(lines)
    if not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise ValueError("a line break in the head of a request")
    return head.encode("latin-1")


class Answer(PlainResponse):
    """http.client's response with another `begin`, whose `headers` are urllib3's."""

    def begin(self) -> None:
        version, status, reason = self._read_status()  # type: ignore[attr-defined]  # private
        while status == CONTINUE:
            _read_fields(self.fp)
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
        if not version.startswith("HTTP/1.") and version != "HTTP/0.9":
            raise UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.code = self.status = status
        self.reason = reason.strip()
        self.headers = self.msg = fields = _read_fields(self.fp)  # type: ignore[assignment]
        self.chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        if status in (NO_CONTENT, NOT_MODIFIED) or 100 <= status < 200:
            self.length = 0
        else:
            self.length = None if self.chunked else _length(fields)
        # Without a length the end of the connection is the end of the body.
        ends = not self.chunked and self.length is None
        self.will_close = ends or self._check_close()  # type: ignore[attr-defined]  # private


def _length(fields: HTTPHeaderDict) -> int | None:
    first = fields.get("content-length", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() else None


def _read_fields(received: io.BufferedIOBase) -> HTTPHeaderDict:
    lines: list[bytes] = []
    while (line := received.readline(_LONGEST_LINE + 1)) not in (b"\r\n", b"\n", b""):
        lines.append(line)
        if len(line) > _LONGEST_LINE:
            raise LineTooLong("header line")
        if len(lines) > _MOST_FIELDS:
            raise HTTPException(f"got more than {_MOST_FIELDS} headers")
    fields = HTTPHeaderDict()
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        value = value.strip(" \t\r\n")
        if not _FIELD_NAME.fullmatch(name) or "\r" in value or b":" not in line:
            # A field over several lines, or no field.
            return HTTPHeaderDict(parse_headers(io.BytesIO(b"".join([*lines, b"\r\n"]))).items())
        fields.add(name, value)
    return fields
