"""How many threads of a worker one sender may keep waiting for the rest of its requests.

The server (granian 2.8.7) has no time-out for bodies, and a thread that has begun to read one cannot be called back.
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

WAITING_SECONDS = 1.0
"""How long a request waits for its turn to be read. Bodies that are there take well under a millisecond each."""
REMEMBERED_SENDERS = 1024

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def limit_slow_bodies(application: WSGI) -> WSGI:
    """Give each API key half of the threads to wait for bodies, and everybody outside the API an eighth together."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        of_api = environ["PATH_INFO"].startswith(PREFIXES)
        sender = environ.get("HTTP_AUTHORIZATION", "") if of_api else None
        environ["wsgi.input"] = _Body(environ["wsgi.input"], sender)
        return application(environ, start_response)

    return limited


class _Body:
    """`wsgi.input`."""

    def __init__(self, received: Any, sender: str | None) -> None:
        self._received, self._sender = received, sender

    def read(self, *size: int) -> bytes:
        return self._in_turn(self._received.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._in_turn(self._received.readline, *size)

    def _in_turn(self, read: Callable[..., bytes], *size: int) -> bytes:
        turns = _turns_of(self._sender)
        if not turns.acquire(timeout=WAITING_SECONDS):
            message = "too many requests with incomplete bodies"
            # Django takes the latter for a browser that has gone.
            raise ServerBusy(message, retry_after=1) if self._sender is not None else TimeoutError(message)
        try:
            return read(*size)
        finally:
            turns.release()


@lru_cache(REMEMBERED_SENDERS)
def _turns_of(sender: str | None) -> threading.Semaphore:
    """`sender`: what authorizes it; None for pages, whose forms are read before anybody is known."""
    return threading.Semaphore(max(1, settings.THREADS // (8 if sender is None else 2)))


def in_one_piece(application: WSGI) -> WSGI:
    """Turn Django's finished responses into lists of bytes.

    The server (granian 2.8.7) sends the head and body of a list at once, and of anything else one after the other, each
    by another thread that must be woken for it.
    """

    def whole(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = application(environ, start_response)
        if not isinstance(response, HttpResponse):
            return response
        # PEP 3333 has the server close what it was given, and a list has nothing to close.
        response.close()
        return [response.content]

    return whole
