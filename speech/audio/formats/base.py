"""Base class of the codecs."""

from __future__ import annotations

from typing import ClassVar


class BaseCodec:
    """Subclasses are called `Codec`. They are given whole samples and may hold them back until `finish`."""

    content_type = ""
    default_sample_rate: ClassVar[int] = 24_000
    """For requests that name no sample rate."""

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        """Hz, bits a second, and the length of all PCM to come where it is known."""
        self.sample_rate = sample_rate
        self.bitrate = bitrate
        self.data_bytes = data_bytes

    @classmethod
    def is_usable(cls) -> bool:
        """Return True if the libraries that the codec needs are installed."""
        return True

    def encode(self, pcm: bytes) -> bytes:
        raise NotImplementedError

    def finish(self) -> bytes:
        raise NotImplementedError
