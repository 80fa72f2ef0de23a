"""The pool of connections to the providers."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Incoming(io.RawIOBase):
    """What comes through `sock`: all of it within its time-out, until the hurry is over.

    The socket's own time-out starts anew with each byte.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._seconds = sock.gettimeout() or 0.0
        self._deadline = time.monotonic() + self._seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline < float("inf"):
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def end_of_hurry(self) -> None:
        self._deadline = float("inf")
        self._sock.settimeout(self._seconds)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PatientResponse(HTTPResponse):
    """Gives up when the whole head takes longer than the read time-out, however steadily it drips in."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._incoming = _Incoming(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._incoming)

    def begin(self) -> None:
        super().begin()
        self._incoming.end_of_hurry()


class _PatientHTTPConnection(HTTPConnection):
    response_class = _PatientResponse


class _PatientHTTPSConnection(HTTPSConnection):
    response_class = _PatientResponse


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PatientHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PatientHTTPSConnection


POOL = PoolManager(num_pools=16, maxsize=32)
"""Safe in threads. More than `maxsize` connections to one host are opened when needed, and not kept."""
POOL.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
