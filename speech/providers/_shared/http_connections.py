"""Connections to providers: pools, proxies, and failures in the operator's terms."""

from __future__ import annotations

import errno
import io
import queue
import socket
import ssl
import time
from functools import cache
from http import HTTPStatus
from http.client import HTTPResponse as PlainResponse
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, make_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.response import HTTPResponse
from urllib3.util import parse_url
from urllib3.util.connection import allowed_gai_family

from speech.exceptions import GatewayError, ProviderNotConfigured, ProviderTimeout, ProviderUnavailable
from speech.providers._shared import first_address


class PatientHTTPConnection(HTTPConnection):
    """Reads until `deadline`.

    The socket's own timeout restarts with each byte, so a slow drip would never reach it: in a head, a body, or the
    line before a chunk, which urllib3 hides until it is complete.
    """

    # `time.monotonic()`: a read time-out after the request was sent, until the reader of the answer sets another.
    deadline = 0.0
    # The last response, as `http.client` reads it.
    received: PlainResponse
    # Seconds without a byte after which it is not used again. vLLM and others behind uvicorn, Node and llama.cpp close
    # an idle connection after 5, and a request that crosses the end of its connection fails.
    longest_idle = 4.0
    # `time.monotonic()` of the last bytes.
    heard = 0.0

    @property
    def is_idle_for_long(self) -> bool:
        return time.monotonic() - self.heard >= self.longest_idle

    @property
    def is_connected(self) -> bool:
        """Tell urllib3, which asks before it uses the connection again."""
        return not self.is_idle_for_long and super().is_connected

    def _new_conn(self) -> socket.socket:
        """Connect to the address that answers first; urllib3 waits for each in turn."""
        host = self._dns_host.strip("[]")
        try:
            addresses = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
            return first_address.connect(addresses, float(self.timeout or 0), self.socket_options or ())
        except UnicodeError as error:
            raise LocationParseError(host) from error
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no address answers") from error
        except OSError as error:
            raise NewConnectionError(self, "no address can be connected to") from error

    def _tunnel(self) -> None:
        """Ask a proxy for a tunnel; `http.client` reads its answer without `getresponse`."""
        self.deadline = time.monotonic() + float(self.timeout or 0)
        super()._tunnel()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        self.deadline = time.monotonic() + float(self.timeout or 0)
        return super().getresponse()

    def response_class(self, sock: socket.socket, **options: Any) -> PlainResponse:  # type: ignore[override]
        """`http.client` calls it as the class that it is there."""
        self.received = response = _FinalResponse(sock, **options)
        response.fp = io.BufferedReader(_UntilDeadline(self, sock, response.fp.detach()))
        return response


class _FinalResponse(PlainResponse):
    """Passes over the responses that announce the real one (102, 103), which `http.client` takes for it."""

    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


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
        size = self._received.readinto(buffer)
        self._connection.heard = time.monotonic()
        return size

    def close(self) -> None:
        self._received.close()
        super().close()


class _PatientHTTPSConnection(PatientHTTPConnection, HTTPSConnection):
    # A new one costs several round trips, and TLS mostly ends at a load balancer, which waits longer: AWS' 60 seconds,
    # nginx 75. Some networks forget an idle connection after four minutes without telling either end.
    longest_idle = 50.0


class _IdleConnections(queue.LifoQueue[PatientHTTPConnection | None]):
    """Closes what has been idle for long when a connection is put back: the last one in is the next one out, so the
    others would stay open for the life of the worker after a burst of calls.
    """

    def _put(self, item: PatientHTTPConnection | None) -> None:
        super()._put(item)
        for number, connection in enumerate(self.queue):  # those that have waited longest come first
            if connection is None:
                continue
            if not connection.is_idle_for_long:
                break
            connection.close()
            self.queue[number] = None


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = PatientHTTPConnection
    QueueCls = _IdleConnections  # type: ignore[assignment]


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PatientHTTPSConnection
    QueueCls = _IdleConnections  # type: ignore[assignment]


def pool_for(url: str) -> PoolManager:
    """Return the pool for `url`: the proxy's that HTTPS_PROXY or HTTP_PROXY names, unless NO_PROXY names the host."""
    parts = parse_url(url)
    proxy = settings.PROXIES.get(parts.scheme or "")
    if not proxy or proxy_bypass_environment(parts.netloc or "", settings.PROXIES):
        return _DIRECT
    return _through(proxy)


# Safe in threads. More than `maxsize` connections to one host are opened when needed, and not kept.
_SIZE: dict[str, Any] = {"num_pools": 16, "maxsize": max(32, settings.THREADS)}


def _patient(pool: PoolManager) -> PoolManager:
    pool.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return pool


@cache
def _through(proxy: str) -> PoolManager:
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    headers = make_headers(proxy_basic_auth=unquote(login)) if login else None
    return _patient(ProxyManager(proxy, proxy_headers=headers, **_SIZE))


_DIRECT = _patient(PoolManager(**_SIZE))

_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def explain(provider: str, error: HTTPError) -> GatewayError:
    """Return the error of ours for `error`, which names neither host nor key: clients read it."""
    if isinstance(error, LocationValueError):
        return ProviderNotConfigured(f"{provider.upper().replace('-', '_')}_BASE_URL is not a valid URL")
    if isinstance(error, ProxyError):
        return ProviderUnavailable(f"cannot connect to {provider}: the proxy fails ({_why_no_proxy(error)})")
    if isinstance(error, NewConnectionError):
        return ProviderUnavailable(f"cannot connect to {provider}: {_why_not(error)}")
    if isinstance(error, HTTPTimeoutError):
        return ProviderTimeout(f"{provider} timed out")
    if isinstance(error, SSLError):
        return ProviderUnavailable(f"no secure connection to {provider}: {_why_not_secure(error)}")
    return ProviderUnavailable(f"{provider} closed the connection")


def _why_no_proxy(error: ProxyError) -> str:
    cause = error.original_error
    return _why_not(cause) if isinstance(cause, NewConnectionError) else "it refuses to forward"


def _why_not(error: NewConnectionError) -> str:
    if isinstance(error, NameResolutionError):
        return "its host name cannot be resolved"
    number = getattr(error.__cause__, "errno", None)
    if number == errno.ECONNREFUSED:
        return "connection refused"
    return "there is no route to its address" if number in _NO_ROUTE else "the connection failed"


def _why_not_secure(error: SSLError) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "its certificate is not trusted; for a certificate authority of your own set SSL_CERT_FILE"
    if "wrong_version_number" in str(error).lower().replace(" ", "_") or "record_layer" in str(error).lower():
        return "this port does not speak TLS, so its URL must begin with http://"
    return "the TLS handshake failed"
