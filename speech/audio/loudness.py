"""Find out whether a WAV file of any kind holds a sound, without decoding anything else."""

from __future__ import annotations

import struct

import numpy as np

from speech.audio.g711 import ALAW, MULAW
from speech.audio.wav import EXTENSIBLE, FORMAT, PCM, wav_chunks

# Of full scale: -60 dBFS. Speech into the worst microphone is louder, and so is the noise of any room.
SILENCE = 10 ** (-60 / 20)

_FLOAT = 0x0003


def is_silent(audio: bytes) -> bool:
    """Tell if a WAV file holds no sample above -60 dBFS, or none at all: models invent words for it, and bill them.

    False for files that cannot be read here.
    """
    try:
        chunks = dict(reversed(list(wav_chunks(audio, sample_bytes=1))))
        samples = _samples(chunks[b"fmt "], chunks[b"data"])
    except (KeyError, ValueError):
        return False
    return samples is not None and (not samples.size or float(np.abs(samples).max()) <= SILENCE)


def seconds_of(audio: bytes) -> float | None:
    """Return the length of a WAV file whose samples `is_silent` can read, None for any other."""
    try:
        chunks = dict(reversed(list(wav_chunks(audio, sample_bytes=1))))
        _, _, rate, _, frame, _ = FORMAT.unpack_from(chunks[b"fmt "])
        return round(len(chunks[b"data"]) / (rate * frame), 3)
    except (KeyError, ValueError, ZeroDivisionError, struct.error):
        return None


def is_silent_pcm(pcm: bytes) -> bool:
    """Tell the same of 16-bit samples without a header."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    return not samples.size or float(np.abs(samples).max()) / 2**15 <= SILENCE


def _samples(form: bytes, data: bytes) -> np.ndarray | None:
    """Return samples from -1 to 1, all channels after one another; None for an unknown encoding."""
    encoding, bits = int.from_bytes(form[:2], "little"), int.from_bytes(form[14:16], "little")
    if encoding == EXTENSIBLE:
        encoding = int.from_bytes(form[24:26], "little")
    if encoding in (ALAW, MULAW):
        # The codes around zero: G.711 has none finer than -60 dBFS but these.
        zero = np.array([0xFF, 0x7F] if encoding == MULAW else [0xD5, 0x55], np.uint8)
        return (~np.isin(np.frombuffer(data, np.uint8), zero)).astype(np.float32)
    whole = data[: len(data) - len(data) % max(1, bits // 8)]
    if encoding == PCM and bits == 8:
        return (np.frombuffer(whole, np.uint8).astype(np.float32) - 128) / 128
    if encoding == PCM and bits in (16, 32):
        return np.frombuffer(whole, f"<i{bits // 8}").astype(np.float32) / 2 ** (bits - 1)
    if encoding == PCM and bits == 24:
        # The lowest byte is a 65536th of full scale.
        return np.frombuffer(whole, np.uint8).reshape(-1, 3)[:, 1:].copy().view("<i2").astype(np.float32) / 2**15
    if encoding == _FLOAT and bits in (32, 64):
        return np.frombuffer(whole, f"<f{bits // 8}").astype(np.float32)
    return None
