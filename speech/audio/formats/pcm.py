from __future__ import annotations

from speech.audio.formats.base import BaseCodec


class Codec(BaseCodec):
    """The samples as they are. The rate stands in the content type: nothing in the bytes tells it."""

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        super().__init__(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        self.content_type = f"audio/pcm;rate={sample_rate}"

    def encode(self, pcm: bytes) -> bytes:
        return pcm

    def finish(self) -> bytes:
        return b""
