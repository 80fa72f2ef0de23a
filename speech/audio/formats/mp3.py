from __future__ import annotations

import lameenc

from speech.audio.formats.base import BaseCodec

# Per channel the usual 128 kbit/s for two.
DEFAULT_BITRATE = 64_000
# LAME's default, from 0 (best) to 9 (fastest).
QUALITY = 5


class Codec(BaseCodec):
    content_type = "audio/mpeg"

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        super().__init__(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        self._lame = lameenc.Encoder()
        self._lame.silence()  # else it reports to the terminal
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(sample_rate)
        self._lame.set_bit_rate((bitrate or DEFAULT_BITRATE) // 1000)
        self._lame.set_quality(QUALITY)
        self._started = False

    def encode(self, pcm: bytes) -> bytes:
        self._started = True
        return bytes(self._lame.encode(pcm))

    def finish(self) -> bytes:
        # LAME refuses to flush what it was never given.
        return bytes(self._lame.flush()) if self._started else b""
