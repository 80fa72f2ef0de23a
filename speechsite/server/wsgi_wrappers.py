"""WSGI wrappers for granian (2.8.7): a limit for slow request bodies (slowloris), and answers sent in one piece.

The server has no time-out for bodies, and a thread that reads one cannot be interrupted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from speech.exceptions import ServerBusy
from speechsite.middleware import PREFIXES

# A request waits so long until its body may be read. Bodies that have arrived take well under a millisecond.
WAITING_SECONDS = 1.0
REMEMBERED_SENDERS = 1024

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def limit_slow_bodies(application: WSGI) -> WSGI:
    """Let each API key occupy half of the threads with incomplete bodies, and all pages together an eighth."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        of_api = environ["PATH_INFO"].startswith(PREFIXES)
        sender = environ.get("HTTP_AUTHORIZATION", "") if of_api else None
        environ["wsgi.input"] = _Body(environ["wsgi.input"], sender)
        return application(environ, start_response)

    return limited


class _Body:
    def __init__(self, received: Any, sender: str | None) -> None:
        self._received, self._sender = received, sender

    def read(self, *size: int) -> bytes:
        return self._limited(self._received.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._limited(self._received.readline, *size)

    def _limited(self, read: Callable[..., bytes], *size: int) -> bytes:
        limit = _limit_of(self._sender)
        if not limit.acquire(timeout=WAITING_SECONDS):
            message = "too many requests with incomplete bodies"
            # Django treats a TimeoutError as a disconnected browser.
            raise ServerBusy(message, retry_after=1) if self._sender is not None else TimeoutError(message)
        try:
            return read(*size)
        finally:
            limit.release()


@lru_cache(REMEMBERED_SENDERS)
def _limit_of(sender: str | None) -> threading.Semaphore:
    """Return the limit of a sender: the Authorization header, or None for pages."""
    return threading.Semaphore(max(1, settings.THREADS // (8 if sender is None else 2)))


def in_one_piece(application: WSGI) -> WSGI:
    """Turn Django's finished responses into lists of bytes: 10 % less CPU time for a hit (docs/performance.md).

    granian sends head and body of a list at once, and of anything else one after the other, each by a thread that must
    be woken. speechsite/tests/server/test_one_piece.py notices an upgrade.
    """

    def whole(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = application(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        # PEP 3333: the server closes the iterable that it gets, but a list has no `close`.
        response.close()
        return [response.content]

    return whole
