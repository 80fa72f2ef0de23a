"""Base class of the telephone codecs."""

from __future__ import annotations

from typing import ClassVar

from speech.audio import g711
from speech.audio.formats.base import BaseCodec
from speech.audio.wav import g711_wav_header


class G711Codec(BaseCodec):
    """Subclasses name their law, and whether the bytes are in a WAV file."""

    default_sample_rate = 8_000
    law: ClassVar[int]
    in_wav: ClassVar[bool] = False

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        super().__init__(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        name = "PCMU" if self.law == g711.MULAW else "PCMA"  # RFC 4856
        self.content_type = "audio/wav" if self.in_wav else f"audio/{name};rate={sample_rate}"
        samples = None if data_bytes is None else data_bytes // 2
        self._header = g711_wav_header(samples, sample_rate, self.law) if self.in_wav else b""

    def encode(self, pcm: bytes) -> bytes:
        return self._take_header() + g711.encode(pcm, self.law)

    def finish(self) -> bytes:
        return self._take_header()

    def _take_header(self) -> bytes:
        header, self._header = self._header, b""
        return header
