"""Change of sample rate by a polyphase filter bank: a windowed sinc, evaluated once for each phase.

Formulas: Julius O. Smith, "Digital Audio Resampling Home Page" (interpolation by a windowed sinc); the window, its
beta and the width of its transition band: Oppenheim and Schafer, "Discrete-Time Signal Processing", section 7.5.3
(Kaiser's method).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speech.audio.pcm import BYTES_PER_SAMPLE, SampleAligner

Floats = NDArray[np.float32]

# Of what would alias: under the noise of 16-bit samples for a speaking voice.
ATTENUATION_DB = 90.0
# Of the sinc on each side, at the lower of both rates.
ZERO_CROSSINGS = 32
# Above, the filter bank needs hundreds of megabytes. All pairs of usual rates (8000 to 48000 Hz) need at most 1280.
MAX_PHASES = 2000
# The first sound waits for so much of it. In half of it numpy's calls cost more time than the filter itself.
BATCH_SECONDS = 0.15
# Convolved together, which bounds the memory that a long chunk needs.
MAX_BATCHES = 40
# Of one matrix product. Above it OpenBLAS starts threads, which only slow down other requests.
MAX_MULTIPLICATIONS = 2**18
# Columns of one product, if so many fit: most of what would be multiplied in a product of all phases is 0.
PHASES_TOGETHER = 80
# From 24000 to 8000 Hz there is one phase, repeated: fewer columns would have more samples copied than multiplied.
FEWEST_PHASES = 32


@dataclass(frozen=True, slots=True)
class _Phases:
    """Neighbouring phases: the samples that they need, counted from the start of a block, and their weights."""

    samples: slice
    weights: Floats


class Resampler:
    """Makes exactly ceil(samples * target / source) samples at the `target` rate. Chunks make no difference to them."""

    def __init__(self, source: int, target: int) -> None:
        common = math.gcd(source, target)
        repeats = max(1, FEWEST_PHASES * common // target)
        self._up, self._down = target // common * repeats, source // common * repeats
        # Batches of one size whatever the chunks: a matrix product of another shape may round in another way.
        self._blocks = max(1, round(BATCH_SECONDS * source / self._down))
        self._phases, self._reach = _filter_bank(self._up, self._down, self._blocks)
        self._step = self._blocks * self._down
        self._pending = bytearray()
        self._buffer: Floats = np.zeros(self._reach, dtype=np.float32)
        self._read = self._written = 0

    def feed(self, chunk: bytes) -> bytes:
        """Return the samples that are certain by now."""
        self._pending += chunk
        samples = len(self._buffer) + len(self._pending) // BYTES_PER_SAMPLE
        if (ready := (samples - 2 * self._reach) // self._step) < 1:
            return b""
        self._take_pending()
        out = bytearray()
        for first in range(0, ready, MAX_BATCHES):
            batches = min(ready - first, MAX_BATCHES)
            out += self._convolve(self._buffer[first * self._step :], batches)
        self._buffer = self._buffer[ready * self._step :]
        self._written += len(out)
        return bytes(out)

    def finish(self) -> bytes:
        """Return the rest."""
        self._take_pending()
        length = -(-self._read * self._up // self._down) * BYTES_PER_SAMPLE - self._written
        batches = -(-length // (self._blocks * self._up * BYTES_PER_SAMPLE))
        padded = np.zeros(batches * self._step + 2 * self._reach, dtype=np.float32)
        padded[: len(self._buffer)] = self._buffer[: len(padded)]
        return self._convolve(padded, batches)[:length]

    def _take_pending(self) -> None:
        samples = np.frombuffer(bytes(self._pending), dtype="<i2", count=len(self._pending) // BYTES_PER_SAMPLE)
        self._buffer = np.concatenate([self._buffer, samples], dtype=np.float32, casting="unsafe")
        self._read += len(samples)
        del self._pending[: len(samples) * BYTES_PER_SAMPLE]

    def _convolve(self, samples: Floats, batches: int) -> bytes:
        size, down = samples.itemsize, self._down
        taps = down + 2 * self._reach
        windows: Floats = np.ndarray(
            (batches, self._blocks, taps),
            np.float32,
            np.ascontiguousarray(samples),
            strides=(self._blocks * down * size, down * size, size),
        )
        out = np.empty((batches, self._blocks, self._up), dtype=np.float32)
        at = 0
        for phases in self._phases:
            width = phases.weights.shape[1]
            out[..., at : at + width] = np.ascontiguousarray(windows[..., phases.samples]) @ phases.weights
            at += width
        np.rint(out, out=out)
        # Half the time of np.clip, which is written in Python.
        np.minimum(np.maximum(out, -32768, out=out), 32767, out=out)
        return out.astype("<i2").tobytes()


def at_rate(source: int, target: int) -> Resampler | SampleAligner:
    """Return what makes samples at the rate `target` out of those at the rate `source`, if only whole ones."""
    return SampleAligner() if source == target else Resampler(source, target)


@functools.lru_cache(maxsize=16)
def _filter_bank(up: int, down: int, blocks: int) -> tuple[list[_Phases], int]:
    """Return the phases in order, and how many samples they need on each side of a block of `down`.

    `blocks`: number of blocks that are multiplied with the weights at once.
    """
    if up > MAX_PHASES or down > MAX_PHASES:
        raise ValueError(f"cannot resample by {up}/{down}: the rates have too small a common divisor")
    reach = math.ceil(ZERO_CROSSINGS * max(1.0, down / up))
    transition = (ATTENUATION_DB - 7.95) / (2.285 * 2 * ZERO_CROSSINGS) / np.pi
    cutoff = min(1.0, up / down) * (1 - transition / 2)
    centres = np.arange(up) * down / up
    offsets = np.arange(-reach, down + reach)[:, None] - centres[None, :]
    inside = np.clip(1 - (offsets / reach) ** 2, 0, None)
    near = inside > 0
    window = np.zeros_like(offsets)
    window[near] = np.i0(0.1102 * (ATTENUATION_DB - 8.7) * np.sqrt(inside[near]))
    bank = np.sinc(cutoff * offsets) * window
    bank = (bank / bank.sum(axis=0)).astype(np.float32)
    columns = PHASES_TOGETHER
    while columns > 1 and columns * (columns * down // up + 2 * reach + 1) * blocks >= MAX_MULTIPLICATIONS:
        columns //= 2
    return [_phases(bank[:, first : first + columns]) for first in range(0, up, columns)], reach


def _phases(weights: Floats) -> _Phases:
    needed = np.flatnonzero(weights.any(axis=1))
    samples = slice(int(needed[0]), int(needed[-1]) + 1)
    return _Phases(samples, np.ascontiguousarray(weights[samples]))
