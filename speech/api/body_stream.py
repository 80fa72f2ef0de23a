"""The bytes of a request body: of a known length or not, plain or compressed, and never more than allowed."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from rest_framework import exceptions as drf

from speech.api.errors import PayloadTooLarge
from speech.exceptions import ServerBusy

# Set by the server as the Content-Length of a body that has none (chunked, HTTP/2): Django reads no other.
UNKNOWN_LENGTH = str(sys.maxsize)
CHUNK_BYTES = 65_536
LARGE_BYTES = 1_048_576
# Large bodies at once in a worker, each of which takes a few times its size while it is parsed and passed on.
MAX_LARGE_BODIES = 8
WAITING_SECONDS = 5.0
# Requests for each place that hold it or wait for it.
REQUESTS_PER_PLACE = 4
REMEMBERED_SENDERS = 1024

# `wbits` of zlib: 31 reads gzip, 15 what HTTP calls deflate (RFC 9110, section 8.4.1).
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class UnsupportedEncoding(drf.APIException):
    status_code = 415
    default_code = "unsupported_content_encoding"


class BodyStream:
    """The decoded body of `meta`'s request, from `received`.

    Reading raises PayloadTooLarge beyond `limit` bytes, at once if the announced length is larger, UnsupportedEncoding,
    and ParseError if the body is not encoded as it says.
    """

    def __init__(self, received: Any, meta: dict[str, Any], limit: int) -> None:
        self._received, self._limit = received, limit
        self._left = self._compressed_left = limit
        encoding = meta.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if encoding not in ("", "identity", *_WBITS):
            raise UnsupportedEncoding(f"Content-Encoding must be gzip, deflate or identity, not {encoding[:40]!r}.")
        length = meta.get("CONTENT_LENGTH") or "0"
        if length != UNKNOWN_LENGTH and int(length) > limit:
            raise self._too_large()
        self._decoder = zlib.decompressobj(_WBITS[encoding]) if encoding in _WBITS else None

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, fewer only at the end; all of them without `size`."""
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        parts: list[bytes] = []
        while wanted and (part := self._next(wanted)):
            parts.append(part)
            wanted -= len(part)
            self._left -= len(part)
        if self._left < 0:
            raise self._too_large()
        return b"".join(parts)

    def _next(self, most: int) -> bytes:
        if self._decoder is None:
            part: bytes = self._received.read(min(most, LARGE_BYTES))
            return part
        while not self._decoder.eof:
            compressed = self._decoder.unconsumed_tail or self._compressed()
            try:
                part = self._decoder.decompress(compressed, most)
            except zlib.error as error:
                raise drf.ParseError("The body is not encoded as Content-Encoding says.") from error
            if part:
                return part
            if not compressed:
                raise drf.ParseError("The encoded body ends early.")
        return b""

    def _compressed(self) -> bytes:
        part: bytes = self._received.read(CHUNK_BYTES)
        self._compressed_left -= len(part)
        if self._compressed_left < 0:
            raise self._too_large()
        return part

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(f"The request body is larger than {self._limit} bytes.")


@contextmanager
def place_for_large_body(sender: object) -> Iterator[None]:
    """Hold one of MAX_LARGE_BODIES places, of which a sender gets half.

    Raises ServerBusy if none becomes free in time, and at once if too many wait already: each holds a thread.
    """
    with _places_of(sender).held(), _places.held():
        yield


class _Places:
    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._held_or_wanted = threading.Semaphore(REQUESTS_PER_PLACE * most)

    @contextmanager
    def held(self) -> Iterator[None]:
        if not self._held_or_wanted.acquire(blocking=False):
            raise _busy()
        try:
            if not self._free.acquire(timeout=WAITING_SECONDS):
                raise _busy()
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._held_or_wanted.release()


def _busy() -> ServerBusy:
    return ServerBusy("too many large requests", retry_after=1)


_places = _Places(MAX_LARGE_BODIES)


@lru_cache(REMEMBERED_SENDERS)
def _places_of(sender: object) -> _Places:
    return _Places(MAX_LARGE_BODIES // 2)
