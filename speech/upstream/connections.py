"""The pool of connections to the providers."""

from __future__ import annotations

import contextlib
import socket
import threading

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse


class _PatientHTTPConnection(HTTPConnection):
    """Gives up when the whole head of an answer takes longer than the read time-out.

    The socket's own time-out starts anew with each byte, so a head that drips in would never reach it.
    """

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        expired, sock = threading.Event(), self.sock

        def expire() -> None:
            expired.set()
            with contextlib.suppress(OSError):  # the reader has just closed it itself
                # The base class's method: an SSL socket's own would also drop its TLS state under the reader's feet.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

        watchdog = threading.Timer(float(self.timeout or 0), expire)
        watchdog.daemon = True
        watchdog.start()
        try:
            return super().getresponse()
        finally:
            watchdog.cancel()
            if expired.is_set():
                raise TimeoutError


class _PatientHTTPSConnection(_PatientHTTPConnection, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PatientHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PatientHTTPSConnection


POOL = PoolManager(num_pools=16, maxsize=32)
"""Safe in threads. More than `maxsize` connections to one host are opened when needed, and not kept."""
POOL.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
