from __future__ import annotations

from caching.pricing.usage import Usage
from speech.providers.base import Speech


def read(speech: Speech) -> tuple[list[bytes], Usage | None]:
    """The chunks of PCM, and what was billed."""
    *chunks, last = speech.pcm
    usage = last if isinstance(last, Usage) else None
    if isinstance(last, bytes):
        chunks.append(last)
    return [chunk for chunk in chunks if isinstance(chunk, bytes)], usage
