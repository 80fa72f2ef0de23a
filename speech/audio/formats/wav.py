from __future__ import annotations

from speech.audio.formats.base import BaseCodec
from speech.audio.wav import wav_header


class Codec(BaseCodec):
    content_type = "audio/wav"

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        super().__init__(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        self._header = wav_header(data_bytes, sample_rate)

    def encode(self, pcm: bytes) -> bytes:
        return self._take_header() + pcm

    def finish(self) -> bytes:
        return self._take_header()

    def _take_header(self) -> bytes:
        header, self._header = self._header, b""
        return header
