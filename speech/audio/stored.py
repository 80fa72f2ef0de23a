"""The samples of a sentence as a cache entry. TTS_CACHE_ENCODING says in which format."""

from __future__ import annotations

import io
from itertools import chain

from speech.audio.encoder import Encoder
from speech.audio.wav import read_g711_wav, read_wav, to_wav

# By the value of TTS_CACHE_ENCODING: the format, as it stands in the key.
FORMATS = {"pcm": "wav", "flac": "flac", "opus": "opus", "mulaw": "wav_mulaw"}


def encode(pcm: bytes, sample_rate: int, codec: str) -> bytes:
    if codec == "wav":
        return to_wav(pcm, sample_rate)
    encoder = Encoder(codec, sample_rate, data_bytes=len(pcm))
    return encoder.encode(pcm) + encoder.finish()


def decode(audio: bytes, sample_rate: int, codec: str) -> bytes:
    """Return the samples; those of a lossy format are nearly what they were."""
    if codec == "wav":
        return read_wav(audio)[0]
    if codec == "wav_mulaw":
        # Commands check settings with this module, and start without numpy.
        from speech.audio import g711

        return g711.decode(read_g711_wav(audio), g711.MULAW)
    return _decoded_by_ffmpeg(audio, sample_rate)


def _decoded_by_ffmpeg(audio: bytes, sample_rate: int) -> bytes:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=sample_rate)
    with av.open(io.BytesIO(audio), "r") as container:
        frames = chain(container.decode(audio=0), [None])
        return b"".join(bytes(part.planes[0])[: part.samples * 2] for f in frames for part in resampler.resample(f))
