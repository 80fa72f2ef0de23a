"""From PCM to the format that was asked for, whole or as a stream."""

from __future__ import annotations

from functools import lru_cache

from speech.audio import formats
from speech.audio.pcm import SampleAligner
from speech.exceptions import InvalidRequest

# From LAME's minimum to libopus' maximum for one channel.
BITRATES = range(8_000, 256_001)


class Encoder:
    """One piece of sound on its way out. Not for use from two threads at once."""

    def __init__(self, codec: str, sample_rate: int, bitrate: int | None = None, data_bytes: int | None = None) -> None:
        """`bitrate` is in bits a second (None: the codec's own); `data_bytes` is the length of all PCM, where known.

        Raises InvalidRequest for an unknown codec or a bit rate out of range, UnsupportedFeature for a codec that this
        installation lacks.
        """
        if codec not in formats.names():
            raise InvalidRequest(f"codec must be one of {', '.join(formats.names())}, not {codec!r}", param="codec")
        if bitrate is not None and bitrate not in BITRATES:
            message = f"bitrate must be from {BITRATES.start} to {BITRATES.stop - 1} bits a second, not {bitrate}"
            raise InvalidRequest(message, param="bitrate")
        self._codec = formats.get(codec)(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        self._aligner = SampleAligner()

    @property
    def content_type(self) -> str:
        return self._codec.content_type

    def encode(self, pcm: bytes) -> bytes:
        """Return the bytes available so far, possibly none. Chunks need not be whole samples."""
        return self._codec.encode(self._aligner.feed(pcm))

    def finish(self) -> bytes:
        """Return the remaining bytes. Nothing may be encoded afterwards."""
        return self._codec.finish()


@lru_cache(256)
def content_type_of(codec: str, sample_rate: int) -> str:
    """Return the content type of an encoded sound. Raises what Encoder raises."""
    return Encoder(codec, sample_rate).content_type
