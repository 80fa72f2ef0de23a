from __future__ import annotations

from speech.audio.formats._ffmpeg import AVCodec
from speech.audio.pcm import BYTES_PER_SAMPLE

_STREAMINFO_END = 42
# RFC 9639, section 8.2: the lower half of the first byte, and the others, are the number of samples; 0: unknown.
_TOTAL_SAMPLES = slice(21, 26)


class Codec(AVCodec):
    content_type = "audio/flac"
    ffmpeg_codec = "flac"
    container = "flac"
    _begun = False

    def encode(self, pcm: bytes) -> bytes:
        return self._with_length(super().encode(pcm))

    def finish(self) -> bytes:
        return self._with_length(super().finish())

    def _with_length(self, data: bytes) -> bytes:
        """FFmpeg fills in the length at the end, which a stream cannot: it is written where it is known before."""
        begins, self._begun = bool(data) and not self._begun, self._begun or bool(data)
        if (
            not begins
            or self.data_bytes is None
            or len(data) < _STREAMINFO_END
            or self._stream.rate != self.sample_rate
        ):
            return data
        samples = self.data_bytes // BYTES_PER_SAMPLE
        header = bytearray(data[:_STREAMINFO_END])
        field = (header[21] & 0xF0) << 32 | samples
        header[_TOTAL_SAMPLES] = field.to_bytes(5, "big")
        return bytes(header) + data[_STREAMINFO_END:]
