"""Streamed responses, and the limit of concurrent ones in a worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache

from django.conf import settings
from django.http import StreamingHttpResponse

from caching import tracing
from speech.api.response_headers import with_headers
from speech.exceptions import ServerBusy

# Content type of server-sent events.
EVENTS = "text/event-stream"


def streamed(items: Iterator[bytes], content_type: str, headers: dict[str, str]) -> StreamingHttpResponse:
    """Return a response that no proxy may buffer or transform. Closes `items` and raises ServerBusy at the limit."""
    unbuffered = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
    response = StreamingHttpResponse(Stream(tracing.stepwise(items)), content_type=content_type)
    return with_headers(response, {**unbuffered, **headers})


class Stream:
    """An iterable that holds a slot until it is closed, as a server must (PEP 3333), or dropped."""

    def __init__(self, items: Iterator[bytes]) -> None:
        self._items = items
        self._holds_slot = _slots().acquire(blocking=False)
        if not self._holds_slot:
            self.close()
            raise ServerBusy("the server's limit of concurrent streams is reached", retry_after=1)

    def __iter__(self) -> Iterator[bytes]:
        return self._items

    def close(self) -> None:
        try:
            if close := getattr(self._items, "close", None):
                close()
        finally:
            self._release()

    def __del__(self) -> None:
        self._release()

    def _release(self) -> None:
        held, self._holds_slot = self._holds_slot, False
        if held:
            _slots().release()


@cache
def _slots() -> threading.BoundedSemaphore:
    """A stream occupies a thread until its client has read it; a quarter of the threads stays free for others."""
    return threading.BoundedSemaphore(max(1, settings.THREADS * 3 // 4))
