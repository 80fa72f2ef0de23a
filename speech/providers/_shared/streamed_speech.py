"""Speech of a hosted engine that streams samples, in as few requests as its limit allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from caching.pricing.usage import Usage
from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.providers._shared import validation
from speech.providers._shared.http import ProviderRequest, post
from speech.providers.base import BaseProvider, SpeechRequest, Word
from speech.text.languages import detect
from speech.text.packing import pack

SAMPLE_RATE = 24_000

TimedReader = Callable[[str, Iterable[bytes], float], Iterator[bytes | Word]]


def _length(headers: Mapping[str, str], text: str) -> int:
    return len(text)


def stream_speech(
    provider: BaseProvider,
    request: SpeechRequest,
    limit: int,
    asking: Callable[[str], ProviderRequest],
    *,
    billed_characters: Callable[[Mapping[str, str], str], int] = _length,
    read_timed: TimedReader | None = None,
) -> Iterator[bytes | Word | Usage]:
    """Yield the samples at SAMPLE_RATE, the words if `request` wants their times, and the characters billed.

    `asking` returns the call for a text of at most `limit` characters, `billed_characters` what its response bills.
    `read_timed` reads a response with times, given the seconds of speech before it. Raises ProviderError.
    """
    billed = size = 0
    for text in pack(request.text, request.language or detect(request.text), limit):
        with post(asking(text)) as reply:
            billed += billed_characters(reply.headers, text)
            if not (request.timestamps and read_timed):
                validation.check_audio_type(provider, reply.headers)
                yield from reply
                continue
            for item in read_timed(provider.name, reply, size / BYTES_PER_SAMPLE / SAMPLE_RATE):
                size += len(item) if isinstance(item, bytes) else 0
                yield item
    yield Usage(characters=billed)
