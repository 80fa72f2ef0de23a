from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def streamed(items: Iterator[bytes], content_type: str, headers: dict[str, str]) -> StreamingHttpResponse:
    """A response that leaves chunk by chunk: nothing on the way may buffer or change it."""
    unbuffered = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(items, content_type=content_type, headers={**unbuffered, **headers})
