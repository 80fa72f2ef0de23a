"""The samples in a response of an OpenAI-compatible server: not all of them answer in the form that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from speech.audio.pcm import BYTES_PER_SAMPLE
from speech.audio.wav import RIFF_HEADER, stream_wav
from speech.exceptions import ProviderBadAnswer
from speech.providers._shared.http_response import Reply

# RFC 2586, and OpenAI-compatible servers that state the rate of `audio/pcm` in the same way.
_RATE = re.compile(r";\s*rate\s*=\s*\"?(\d{4,6})\b", re.I)


def samples_of(provider: str, reply: Reply, sample_rate: int) -> Iterator[bytes]:
    """Yield samples at `sample_rate`: of a WAV file, or raw ones, at the rate that the content type states if it does.

    Raises ProviderBadAnswer for a file of another kind, or one that is cut short.
    """
    chunks = _with_whole_head(iter(reply))
    first = next(chunks, b"")
    stated = _RATE.search(reply.headers.get("content-type", ""))
    try:
        if _is_wav(first):
            source, samples = stream_wav(chain([first], chunks))
        else:
            source, samples = int(stated[1]) if stated else sample_rate, chain([first], chunks)
        yield from samples if source == sample_rate else _resampled(samples, source, sample_rate)
    except ValueError as error:
        raise ProviderBadAnswer(f"{provider} returned audio that cannot be read: {error}") from error


def _with_whole_head(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks, the first ones together until they tell a WAV file from samples."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= RIFF_HEADER.size:
            break
    yield head
    yield from chunks


def _is_wav(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _resampled(chunks: Iterator[bytes], source: int, target: int) -> Iterator[bytes]:
    # Commands check settings with the providers, and start without numpy.
    from speech.audio.resampling import Resampler

    resampler, size = Resampler(source, target), 0
    for chunk in chunks:
        size += len(chunk)
        if samples := resampler.feed(chunk):
            yield samples
    if size % BYTES_PER_SAMPLE:
        raise ValueError("it ends in half a sample")
    yield resampler.finish()
