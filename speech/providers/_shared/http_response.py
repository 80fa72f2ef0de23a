"""Reading a provider's response as it arrives."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from http.client import HTTPResponse as PlainResponse

from django.conf import settings
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import DecodeError, HTTPError
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


class Reply:
    """A response whose body can be read in one of two ways.

    Both raise ProviderTimeout, ProviderUnavailable if the body ends early, or ProviderBadAnswer if it is compressed and
    cannot be read to its end.
    """

    def __init__(self, provider: str, response: BaseHTTPResponse) -> None:
        self._provider = provider
        self._response = response
        # Without decoding, urllib3 does not copy each chunk through its decoder buffer.
        self._is_encoded = response.headers.get("content-encoding", "identity").lower() != "identity"
        connection = response.connection
        self._chunked: PlainResponse | None = None
        if isinstance(connection, PatientHTTPConnection) and connection.received.chunked and not self._is_encoded:
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
        """Yield chunks, each within a read timeout, or less after `expect_end`, and at _SLOWEST_RATE beyond four.

        Only waiting for the provider counts; the reader may be slow. Raises ProviderBadAnswer beyond LARGEST_BODY.
        """
        left = LARGEST_BODY
        patience = longest = float(settings.PROVIDER_READ_TIMEOUT * _PATIENCE)
        while patience > 0:
            begun = time.monotonic()
            self._wait_until(begun + min(self._longest_pause, patience))
            if not (chunk := self._read()):
                return
            patience = min(longest, patience - (time.monotonic() - begun) + len(chunk) / _SLOWEST_RATE)
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
                self._response.read1(1, self._is_encoded)
        self._response.close()
        self._response.release_conn()

    @property
    def _is_complete(self) -> bool:
        # urllib3 closes a response with its last byte, of which a decoder may still hold some.
        return self._response.closed and not self._is_encoded

    def _read(self) -> bytes:
        try:
            # urllib3 takes as long again as `http.client` for a word of a stream, so only the end goes through it:
            # that puts the connection back.
            if self._chunked and (chunk := self._chunked.read1(_CHUNK)):
                return chunk
            chunk = self._response.read1(_CHUNK, self._is_encoded)
            if self._is_encoded:
                self._check_decoder(at_end=not chunk)
            return chunk
        except (HTTPError, HTTPException, OSError) as error:
            # What comes next may begin anywhere, and would look like the end if it begins there.
            self._response.close()
            if isinstance(error, DecodeError):
                raise ProviderBadAnswer(f"{self._provider} sent compressed data that is cut off or unknown") from error
            if isinstance(error, (TimeoutError, HTTPTimeoutError)):
                raise ProviderTimeout(f"{self._provider} stopped in the middle of its response") from error
            raise ProviderUnavailable(f"{self._provider} interrupted its response") from error

    def _check_decoder(self, *, at_end: bool) -> None:
        """Raise DecodeError for what urllib3 lets pass: a coding that it does not know, and compressed data cut off."""
        decoder = self._response._decoder
        if decoder is None or (at_end and not getattr(getattr(decoder, "_obj", None), "eof", True)):
            raise DecodeError

    def _wait_until(self, deadline: float) -> None:
        # None when all of the body is there: it is back in the pool then, and perhaps somebody else's.
        connection = self._response.connection
        if isinstance(connection, PatientHTTPConnection):
            connection.deadline = deadline
