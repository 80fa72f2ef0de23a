"""A WSGI wrapper for granian (2.8.7) that limits how many threads wait for slow request bodies (slowloris), and reads
what a refused request left unread.

The server has no time-out for bodies, and a thread that reads one cannot be interrupted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.conf import settings

from speech.api.authentication import SENDER
from speech.api.body_stream import CHUNK_BYTES
from speech.api.uploads import ROOM_FOR_FIELDS
from speech.exceptions import ServerBusy
from speechsite.server.addresses import network_of
from speechsite.server.wsgi_wrappers import WSGI

# Bodies that have arrived take well under a millisecond, and a few under load.
SLOW_SECONDS = 0.25
# A request waits so long until its body may be read, unless its sender is slow.
WAITING_SECONDS = 1.0


def limit_slow_bodies(application: WSGI) -> WSGI:
    """Let each client occupy half of the threads that others leave it, and visitors without a key a small part."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], environ)
        response = application(environ, start_response)
        if getattr(response, "status_code", 0) >= HTTPStatus.BAD_REQUEST:
            body.drop_rest()
        return response

    return limited


class _Body:
    def __init__(self, received: Any, environ: dict[str, Any]) -> None:
        self._received, self._environ = received, environ

    def read(self, *size: int) -> bytes:
        return self._limited(self._received.read, *size)

    def readline(self, *size: int) -> bytes:
        return self._limited(self._received.readline, *size)

    def drop_rest(self) -> None:
        """Read what was not read: a proxy that is still sending it when the connection is closed answers 502 instead.

        So it is with `Expect: 100-continue`, which Caddy passes on without waiting. A body without a Content-Length, or
        above MAX_UPLOAD_BYTES, is not read.
        """
        left = int(self._environ.get("CONTENT_LENGTH") or 0)
        if left > settings.MAX_UPLOAD_BYTES + ROOM_FOR_FIELDS:
            return
        with suppress(OSError, ServerBusy):
            while left > 0 and (part := self.read(min(left, CHUNK_BYTES))):
                left -= len(part)

    def _limited(self, read: Callable[..., bytes], *size: int) -> bytes:
        client = self._environ.get(SENDER)
        readers = strangers if client is None else clients
        sender = network_of(self._environ) if client is None else client
        if (ticket := readers.enter(sender)) is None:
            message = "too many requests with incomplete bodies"
            # Django treats a TimeoutError as a disconnected browser.
            raise TimeoutError(message) if client is None else ServerBusy(message, retry_after=1)
        try:
            return read(*size)
        finally:
            readers.leave(sender, ticket)


class Readers:
    """Threads that read bodies, by sender: at most `most` at a time, and each sender half of what others leave."""

    def __init__(self, most: int) -> None:
        self._most = most
        # When each read began, oldest first. Senders without any are dropped.
        self._all: dict[object, float] = {}
        self._by_sender: dict[str, dict[object, float]] = {}
        self._changed = threading.Condition(threading.Lock())

    def enter(self, sender: str) -> object | None:
        """Return a ticket for `leave`, or None: those in the way are slow, or no place was free in time."""
        ticket = object()
        deadline = 0.0
        with self._changed:
            while (in_the_way := self._in_the_way(sender)) is not None:
                now = time.monotonic()
                deadline = deadline or now + WAITING_SECONDS
                if now >= deadline or _are_slow(in_the_way, now):
                    return None
                self._changed.wait(SLOW_SECONDS)
            self._all[ticket] = self._by_sender.setdefault(sender, {})[ticket] = time.monotonic()
        return ticket

    def leave(self, sender: str, ticket: object) -> None:
        with self._changed:
            del self._all[ticket]
            mine = self._by_sender[sender]
            del mine[ticket]
            if not mine:
                del self._by_sender[sender]
            self._changed.notify()

    def _in_the_way(self, sender: str) -> dict[object, float] | None:
        """Return the reads that leave no place for another one of `sender`; None if there is a place."""
        most, total = self._most, len(self._all)
        if total >= most:
            return self._all
        mine = self._by_sender.get(sender)
        return mine if mine and len(mine) >= max(1, (most - total + len(mine)) // 2) else None


def _are_slow(reads: dict[object, float], now: float) -> bool:
    """Return True if half of the reads have lasted for SLOW_SECONDS."""
    began = next(islice(reads.values(), (len(reads) - 1) // 2, None))
    return now - began >= SLOW_SECONDS


clients = Readers(max(1, settings.THREADS * 3 // 4))
# Visitors of pages, and refused requests without a key.
strangers = Readers(max(1, settings.THREADS // 8))
