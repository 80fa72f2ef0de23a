"""Reading a provider's response as it arrives."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from http.client import HTTPResponse as PlainResponse

from django.conf import settings
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from speech.exceptions import ProviderBadAnswer, ProviderTimeout, ProviderUnavailable
from speech.providers._shared.http_connections import PatientHTTPConnection

_PATIENCE = 4  # read time-outs that we wait for a stream in all, beyond what it has earned by its bytes
# Bytes a second below which a stream is taken to drip, and comes to an end. A token is 200 bytes, a comment that keeps
# the connection open about 20.
_SLOWEST_RATE = 100
_LAST_BYTES = 0.05  # seconds
# Seconds that a stream may pause once all of the answer is there: the usage follows at once, the end not always.
_LAST_PAUSE = 5.0
_CHUNK = 65_536
# Bytes of an answer, whole or streamed, that are read at most.
LARGEST_BODY = 64 * 1024 * 1024
_GZIP_OR_ZLIB, _RAW_DEFLATE = 47, -15  # `wbits` of zlib
_READABLE_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
# The others that are registered. Anything else ("none", "utf-8") is said of bodies that are plain.
_UNREADABLE_CODINGS = frozenset(
    {"aes128gcm", "br", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress", "zstd"}
)


class Reply:
    """A response whose body can be read in one of two ways.

    Both raise ProviderTimeout, ProviderUnavailable if the body ends early, or ProviderBadAnswer if it is compressed and
    cannot be read to its end.
    """

    def __init__(self, provider: str, response: BaseHTTPResponse) -> None:
        self._provider = provider
        self._response = response
        codings = _codings_of(response.headers.get("content-encoding", ""))
        self._decoded = _decoded(iter(self._receive, b""), codings) if codings else None
        connection = response.connection
        self._chunked: PlainResponse | None = None
        if isinstance(connection, PatientHTTPConnection) and connection.received.chunked:
            self._chunked = connection.received
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._longest_pause: float = settings.PROVIDER_READ_TIMEOUT

    def read(self, most: int) -> bytes:
        """Return the body, up to slightly more than `most` bytes, before the timeout of the head ends."""
        body = bytearray()
        while len(body) <= most and not self._is_complete and (chunk := self._read()):
            body += chunk
        return bytes(body)

    def __iter__(self) -> Iterator[bytes]:
        """Yield chunks.

        Raises ProviderTimeout after a pause of one read timeout (less after `expect_end`), or once it has waited four
        in all, beyond one second for each _SLOWEST_RATE bytes. Only waiting for the provider counts; the reader may be
        slow. Raises ProviderBadAnswer beyond LARGEST_BODY.
        """
        left = LARGEST_BODY
        may_wait = longest_wait = float(settings.PROVIDER_READ_TIMEOUT * _PATIENCE)
        while may_wait > 0:
            begun = time.monotonic()
            self._wait_until(begun + min(self._longest_pause, may_wait))
            if not (chunk := self._read()):
                return
            waited = time.monotonic() - begun
            may_wait = min(longest_wait, may_wait - waited + len(chunk) / _SLOWEST_RATE)
            left -= len(chunk)
            if left < 0:
                raise ProviderBadAnswer(f"{self._provider} sent more than {LARGEST_BODY} bytes")
            yield chunk
        raise ProviderTimeout(f"{self._provider} took too long to respond")

    def expect_end(self) -> None:
        """Wait less for further chunks: what they may still hold is not worth a read timeout."""
        self._longest_pause = min(self._longest_pause, _LAST_PAUSE)

    def close(self) -> None:
        """Close the connection, or reuse it if the response is complete.

        A reader that stopped at `[DONE]` cannot know, so the end of the body gets a moment to arrive.
        """
        if not self._is_complete:
            self._wait_until(time.monotonic() + _LAST_BYTES)
            with contextlib.suppress(HTTPError, OSError):  # not the end: closed below
                self._response.read1(1, False)
        self._response.close()
        self._response.release_conn()

    @property
    def _is_complete(self) -> bool:
        # urllib3 closes a response with its last byte, of which the decoder may still hold some.
        return self._response.closed and self._decoded is None

    def _read(self) -> bytes:
        try:
            return self._receive() if self._decoded is None else next(self._decoded, b"")
        except (HTTPError, HTTPException, OSError, zlib.error) as error:
            # What comes next may begin anywhere, and would look like the end if it begins there.
            self._response.close()
            if isinstance(error, zlib.error):
                raise ProviderBadAnswer(f"{self._provider} sent compressed data that is cut off or unknown") from error
            if isinstance(error, (TimeoutError, HTTPTimeoutError)):
                raise ProviderTimeout(f"{self._provider} stopped in the middle of its response") from error
            raise ProviderUnavailable(f"{self._provider} interrupted its response") from error

    def _receive(self) -> bytes:
        # urllib3 takes as long again as `http.client` for a word of a stream, so only the end goes through it: that
        # puts the connection back. Without decoding, it does not copy each chunk through its decoder buffer.
        if self._chunked and (chunk := self._chunked.read1(_CHUNK)):
            return chunk
        return self._response.read1(_CHUNK, False)

    def _wait_until(self, deadline: float) -> None:
        # None when all of the body is there: it is back in the pool then, and perhaps somebody else's.
        connection = self._response.connection
        if isinstance(connection, PatientHTTPConnection):
            connection.deadline = deadline


def _codings_of(header: str) -> list[str]:
    names = (name.strip().lower() for name in header.split(","))
    return [name for name in names if name in _READABLE_CODINGS or name in _UNREADABLE_CODINGS]


def _decoded(received: Iterator[bytes], codings: list[str]) -> Iterator[bytes]:
    """Yield what `received` decodes to. Raises zlib.error for what cannot be read to its end."""
    if len(codings) > 1 or codings[0] in _UNREADABLE_CODINGS:
        raise zlib.error("unknown coding")
    decoder = None
    for data in received:
        while data:
            if decoder is None:
                # Some servers send "deflate" without the head of zlib, whose first byte ends with an 8.
                decoder = zlib.decompressobj(_RAW_DEFLATE if _is_raw(data, codings[0]) else _GZIP_OR_ZLIB)
            elif decoder.eof:
                # Another member of a gzip file, or the zeros that pad the last.
                if not (data := data.lstrip(b"\0")):
                    break
                decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
            if chunk := decoder.decompress(data, _CHUNK):
                yield chunk
            data = decoder.unconsumed_tail or decoder.unused_data
    if decoder:
        if chunk := decoder.flush():
            yield chunk
        if not decoder.eof:
            raise zlib.error("cut off")


def _is_raw(data: bytes, coding: str) -> bool:
    return coding == "deflate" and data[0] & 0x0F != 0x08
