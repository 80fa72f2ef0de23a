"""Connection pool for providers."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse as PlainResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse


class PatientHTTPConnection(HTTPConnection):
    """Reads until `deadline`.

    The socket's own timeout restarts with each byte, so a slow drip would never reach it: in a head, a body, or the
    line before a chunk, which urllib3 hides until it is complete.
    """

    # `time.monotonic()`: a read time-out after the request was sent, until whoever reads the answer says otherwise.
    deadline = 0.0

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        self.deadline = time.monotonic() + float(self.timeout or 0)
        return super().getresponse()

    def response_class(self, sock: socket.socket, **options: Any) -> PlainResponse:  # type: ignore[override]
        """`http.client` calls it as the class that it is there."""
        response = PlainResponse(sock, **options)
        response.fp = io.BufferedReader(_UntilDeadline(self, sock, response.fp.detach()))
        return response


class _UntilDeadline(io.RawIOBase):
    def __init__(self, connection: PatientHTTPConnection, sock: socket.socket, received: io.RawIOBase) -> None:
        self._connection, self._sock, self._received = connection, sock, received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._connection.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


class _PatientHTTPSConnection(PatientHTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = PatientHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PatientHTTPSConnection


# Safe in threads. More than `maxsize` connections to one host are opened when needed, and not kept.
POOL = PoolManager(num_pools=16, maxsize=32)
POOL.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
