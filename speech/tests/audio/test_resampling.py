from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speech.audio.resampling import at_rate

PAIRS = [(22_050, 24_000), (24_000, 48_000), (44_100, 24_000), (24_000, 8_000), (8_000, 11_025), (48_000, 44_100)]


def sine(hertz: float, sample_rate: int, count: int) -> np.ndarray:
    return 20_000 * np.sin(2 * np.pi * hertz * np.arange(count) / sample_rate)


def pcm(samples: np.ndarray) -> bytes:
    return samples.round().astype("<i2").tobytes()


def resampled(sound: bytes, source: int, target: int) -> np.ndarray:
    return np.frombuffer(b"".join(resample([sound], source, target)), "<i2").astype(float)


def resample(chunks: list[bytes], source: int, target: int) -> Iterator[bytes]:
    resampler = at_rate(source, target)
    yield from filter(None, map(resampler.feed, chunks))
    yield resampler.finish()


def decibels(signal: np.ndarray, noise: np.ndarray) -> float:
    return 10 * math.log10(float((signal**2).mean() / max(1e-9, (noise**2).mean())))


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.8])  # of the highest frequency that both rates hold
def test_a_sine_stays_the_same_sine(source: int, target: int, share: float) -> None:
    hertz = share * min(source, target) / 2

    heard = resampled(pcm(sine(hertz, source, source)), source, target)
    wanted = sine(hertz, target, len(heard))

    middle = slice(len(heard) // 10, -len(heard) // 10)
    assert decibels(wanted[middle], (heard - wanted)[middle]) > 80


def test_what_the_lower_rate_cannot_hold_is_gone_instead_of_folded_back() -> None:
    loud = sine(9_000, 24_000, 24_000)

    assert decibels(loud, resampled(pcm(loud), 24_000, 16_000)[2000:-2000]) > 80


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(PAIRS), st.integers(0, 9000), st.lists(st.integers(0, 18_000), max_size=8))
def test_chunks_make_no_difference(pair: tuple[int, int], count: int, cuts: list[int]) -> None:
    source, target = pair
    sound = np.random.default_rng(1).integers(-32768, 32767, count).astype("<i2").tobytes()
    edges = [0, *sorted(cut for cut in cuts if cut < len(sound)), len(sound)]
    chunks = [sound[start:end] for start, end in pairwise(edges)]

    out = b"".join(resample(chunks, source, target))

    assert out == b"".join(resample([sound], source, target))
    assert len(out) == 2 * math.ceil(count * target / source)


def test_loud_sound_is_clipped_and_does_not_wrap_round() -> None:
    square = np.where(np.arange(2000) // 50 % 2, 32767, -32768)

    heard = resampled(pcm(square), 22_050, 24_000)

    assert np.abs(np.diff(heard)).max() < 65_535
    assert heard.max() == 32767


def test_it_hands_out_sound_before_the_last_has_come() -> None:
    second = pcm(sine(440, 22_050, 22_050))

    assert len(at_rate(22_050, 24_000).feed(second)) > 0.8 * 2 * 24_000


def test_equal_rates_change_nothing() -> None:
    assert b"".join(resample([b"\1", b"\2\3"], 8000, 8000)) == b"\1\2"


def test_it_refuses_rates_without_a_common_divisor() -> None:
    with pytest.raises(ValueError, match="24001"):
        at_rate(24_001, 48_000)
