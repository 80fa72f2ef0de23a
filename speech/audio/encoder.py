"""From PCM to the format that was asked for, whole or as a stream."""

from __future__ import annotations

from speech.audio import formats
from speech.audio.pcm import SampleAligner
from speech.exceptions import InvalidRequest

BITRATES = range(8_000, 256_001)
"""From what LAME can do at least to what libopus takes at most for one channel."""


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
        """What can be sent by now: possibly nothing. Chunks need not be whole samples."""
        return self._codec.encode(self._aligner.feed(pcm))

    def finish(self) -> bytes:
        """What was still held back. Nothing may be encoded after it."""
        return self._codec.finish()
