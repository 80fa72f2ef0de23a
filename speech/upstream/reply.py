"""Reading the body of a provider's answer as it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from django.conf import settings
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from speech.exceptions import ProviderTimeout, ProviderUnavailable

_PATIENCE = 4  # read time-outs that we wait for a body in all, so that one that drips comes to an end
_LAST_BYTES = 0.05  # seconds
_CHUNK = 65_536


class Reply:
    """An answer whose head is there and whose body is still to be read."""

    def __init__(self, provider: str, response: BaseHTTPResponse) -> None:
        self._provider = provider
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    def __iter__(self) -> Iterator[bytes]:
        """The body in chunks. Raises ProviderTimeout, or ProviderUnavailable when it ends before its time.

        Only waiting for the provider counts as time: the reader may be as slow as it likes.
        """
        patience = float(settings.PROVIDER_READ_TIMEOUT * _PATIENCE)
        while True:
            begun = time.monotonic()
            try:
                chunk = self._response.read1(_CHUNK)
            except HTTPTimeoutError as error:
                raise ProviderTimeout(f"{self._provider} stopped in the middle of its answer") from error
            except HTTPError as error:
                raise ProviderUnavailable(f"{self._provider} broke off its answer") from error
            if not chunk:
                return
            patience -= time.monotonic() - begun
            if patience < 0:
                raise ProviderTimeout(f"{self._provider} takes too long over its answer")
            yield chunk

    def close(self) -> None:
        """Close the connection, or keep it for the next call when the answer is at its end.

        A reader that stopped at `[DONE]` cannot know, so the end of the body gets a moment to arrive.
        """
        connection = self._response.connection
        if isinstance(connection, HTTPConnection) and connection.sock:
            sock = connection.sock
            sock.settimeout(_LAST_BYTES)
            try:
                self._response.read1(1)
                sock.settimeout(settings.PROVIDER_READ_TIMEOUT)
            except (HTTPError, OSError):
                pass  # not the end: closed below
        self._response.close()
        self._response.release_conn()
