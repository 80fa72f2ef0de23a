"""Chunked bodies (RFC 9112, section 7.1) read by the buffer, not by the chunk.

Bypassed (Python 3.11): `http.client` reads its buffer three times for each chunk, and returns them one by one
(docs/performance.md). speech/tests/providers/test_http_chunks.py compares content and errors with `http.client`.
"""

from __future__ import annotations

import re
from http.client import HTTPResponse

# The line before a chunk, if it says no more than the size.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_LINE_BREAK = b"\r\n"


class ChunkedResponse(HTTPResponse):
    """http.client's response whose `read1` returns all chunks that have arrived."""

    # Bytes of the chunk that is being read; None before a chunk, and 0 before the line break at its end.
    chunk_left: int | None

    def _read1_chunked(self, n: int) -> bytes:
        return self._whole_chunks(n) or super()._read1_chunked(n)  # type: ignore[misc]  # private

    def _whole_chunks(self, most: int) -> bytes:
        """Return the content of the complete chunks in the buffer, after waiting for something to be there."""
        if self.chunk_left or len(received := self.fp.peek()) > most:
            return b""
        content = []
        end = 0 if self.chunk_left is None else len(_LINE_BREAK)
        while line := _SIZE_LINE.match(received, end):
            start = line.end()
            stop = start + int(line[1], 16)
            # The last chunk, which is empty, and one that has not arrived completely are left to `http.client`.
            if start == stop or not received.startswith(_LINE_BREAK, stop):
                break
            content.append(received[start:stop])
            end = stop + len(_LINE_BREAK)
        if content:
            self.fp.read(end)
            self.chunk_left = None
        return b"".join(content)
