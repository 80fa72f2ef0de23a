"""G.711, the coding of telephone lines: 8 bits a sample on a logarithmic scale (ITU-T Recommendation G.711, 1988)."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

# Their numbers in a WAV header (RFC 2361).
MULAW, ALAW = 0x0007, 0x0006

_MULAW_BIAS = 132
_MULAW_CLIP = 32_635


def encode(pcm: bytes, law: int) -> bytes:
    """Return one byte for each 16-bit sample."""
    return _table(law)[np.frombuffer(pcm, dtype="<u2")].tobytes()


def decode(data: bytes, law: int) -> bytes:
    """Return the middle sample of those that each byte stands for."""
    return _samples(law)[np.frombuffer(data, dtype=np.uint8)].tobytes()


@functools.cache
def _samples(law: int) -> NDArray[np.int16]:
    # A code stands for a run of neighbouring samples: that of 0 is its own middle in both laws.
    codes = _table(law)
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    return np.array([round(samples[codes == code].mean()) for code in range(256)], dtype="<i2")


@functools.cache
def _table(law: int) -> NDArray[np.uint8]:
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    return _mulaw(samples) if law == MULAW else _alaw(samples)


def _mulaw(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    magnitude = np.minimum(np.abs(samples), _MULAW_CLIP) + _MULAW_BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    code = np.where(samples < 0, 0x80, 0) | segment << 4 | (magnitude >> segment + 3) & 0x0F
    return (~code & 0xFF).astype(np.uint8)


def _alaw(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    # 13 bits with sign; a negative one is coded as the positive one below it.
    magnitude = np.where(samples < 0, ~samples, samples) >> 3
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    code = segment << 4 | (magnitude >> np.maximum(segment, 1)) & 0x0F
    return (code ^ np.where(samples < 0, 0x55, 0xD5)).astype(np.uint8)
