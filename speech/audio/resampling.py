"""Change of sample rate by a polyphase filter bank: a windowed sinc, evaluated once for each phase.

Formulas: Julius O. Smith, "Digital Audio Resampling Home Page" (interpolation by a windowed sinc); the window, its
beta and the width of its transition band: Oppenheim and Schafer, "Discrete-Time Signal Processing", section 7.5.3
(Kaiser's method).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from speech.audio.pcm import BYTES_PER_SAMPLE, aligned

Floats = NDArray[np.float32]

# Of what would alias: under the noise of 16-bit samples for a speaking voice.
ATTENUATION_DB = 90.0
# Of the sinc on each side, at the lower of both rates.
ZERO_CROSSINGS = 32
# Above, the filter bank needs hundreds of megabytes. All pairs of usual rates (8000 to 48000 Hz) need at most 1280.
MOST_PHASES = 2000
BATCH_SECONDS = 0.05


def resample(pcm_chunks: Iterable[bytes], source: int, target: int) -> Iterator[bytes]:
    """Resample to `target` Hz: exactly ceil(samples * target / source) samples, independent of chunk boundaries."""
    if source == target:
        return aligned(pcm_chunks)
    common = math.gcd(source, target)
    bank = _filter_bank(target // common, source // common)
    return _filtered(aligned(pcm_chunks), bank, source, target)


@functools.lru_cache(maxsize=16)
def _filter_bank(up: int, down: int) -> Floats:
    """Shape (down + taps, up): `down` samples with their neighbours on both sides, times this, are `up` new samples."""
    if up > MOST_PHASES or down > MOST_PHASES:
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
    return np.asarray(bank / bank.sum(axis=0), dtype=np.float32)


def _filtered(chunks: Iterator[bytes], bank: Floats, source: int, target: int) -> Iterator[bytes]:
    down = source // math.gcd(source, target)
    reach = (bank.shape[0] - down) // 2
    # Batches of one size whatever the chunks: a matrix product of another shape may round in another way.
    step = down * max(1, round(BATCH_SECONDS * source / down))
    buffer: Floats = np.zeros(reach, dtype=np.float32)
    read = written = 0
    for chunk in chunks:
        samples = np.frombuffer(chunk, dtype="<i2").astype(np.float32)
        read += len(samples)
        buffer = np.concatenate([buffer, samples])
        batches = []
        while len(buffer) >= step + 2 * reach:
            batches.append(_convolve(buffer[: step + 2 * reach], bank, down))
            buffer = buffer[step:]
        if batches:
            yield (out := b"".join(batches))
            written += len(out)
    rest = (-(-read * target // source)) * BYTES_PER_SAMPLE - written
    while rest > 0:
        batch = np.zeros(step + 2 * reach, dtype=np.float32)
        batch[: len(buffer)] = buffer[: len(batch)]
        yield (out := _convolve(batch, bank, down)[:rest])
        rest -= len(out)
        buffer = buffer[step:]


def _convolve(batch: Floats, bank: Floats, down: int) -> bytes:
    windows = np.ascontiguousarray(sliding_window_view(batch, bank.shape[0])[::down])
    return np.clip(np.rint(windows @ bank), -32768, 32767).astype("<i2").tobytes()
