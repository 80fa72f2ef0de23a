"""Shared code of FFmpeg codecs. PyAV is optional because of its 100 MB."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from speech.audio.formats.base import BaseCodec
from speech.exceptions import UnsupportedFeature


class _Sink:
    """A file that cannot be rewound, so that FFmpeg writes every byte in its final form and place."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._written)
        self._written.clear()
        return data


class AVCodec(BaseCodec):
    """Subclasses name FFmpeg's codec and container, and the default bit rate (None where there is none)."""

    ffmpeg_codec: ClassVar[str]
    container: ClassVar[str]
    default_bitrate: ClassVar[int | None] = None

    def __init__(self, sample_rate: int, *, bitrate: int | None, data_bytes: int | None) -> None:
        super().__init__(sample_rate, bitrate=bitrate, data_bytes=data_bytes)
        if not self.is_usable():
            name = type(self).__module__.rpartition(".")[2]
            how = "pip install -r requirements-codecs.txt"
            raise UnsupportedFeature(f"codec {name} needs PyAV on the server: {how}", param="codec")
        self._sink = _Sink()
        self._output, self._stream = self._open()
        self._resampler = self._make_resampler()

    @classmethod
    def is_usable(cls) -> bool:
        return find_spec("av") is not None

    def encode(self, pcm: bytes) -> bytes:
        if pcm:
            for frame in self._resampler.resample(self._frame(pcm)):
                self._output.mux(self._stream.encode(frame))
        return self._sink.take()

    def finish(self) -> bytes:
        for frame in self._resampler.resample(None):
            self._output.mux(self._stream.encode(frame))
        self._output.mux(self._stream.encode(None))
        self._output.close()
        return self._sink.take()

    def _open(self) -> tuple[Any, Any]:
        import av

        # Without `bitexact` an Ogg stream carries a random number: the same sound would never be the same bytes.
        output = av.open(self._sink, "w", format=self.container, options={"fflags": "+bitexact"})
        stream: Any = output.add_stream(self.ffmpeg_codec, rate=self._codec_rate(), layout="mono")
        if bitrate := self.bitrate or self.default_bitrate:
            stream.bit_rate = bitrate
        return output, stream

    def _codec_rate(self) -> int:
        """Return the lowest sample rate of the codec that loses nothing."""
        import av

        rates = av.Codec(self.ffmpeg_codec, "w").audio_rates or [self.sample_rate]
        return min((rate for rate in rates if rate >= self.sample_rate), default=max(rates))

    def _make_resampler(self) -> Any:
        import av

        return av.AudioResampler(
            format=self._stream.format,
            layout="mono",
            rate=self._stream.rate,
            frame_size=self._stream.frame_size or None,
        )

    def _frame(self, pcm: bytes) -> Any:
        import av

        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, dtype="<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self.sample_rate
        return frame
