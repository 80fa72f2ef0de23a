from __future__ import annotations

import struct

import numpy as np
import pytest

from speech.audio import to_wav, wav_header
from speech.audio.loudness import is_silent, seconds_of

FORMS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)]


def wav(peak: float, encoding: int, bits: int, channels: int = 1) -> bytes:
    """A tone whose loudest sample is `peak` of full scale."""
    wave = np.sin(np.arange(1601) * 0.3) * peak
    if encoding == 3:
        data = wave.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = (np.round(wave * 127) + 128).astype(np.uint8).tobytes()
    else:
        whole = np.round(wave * (2 ** (bits - 1) - 1)).astype("<i4")
        data = whole.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    form = struct.pack("<HHIIHH", encoding, channels, 16_000, 16_000 * bits // 8, bits // 8, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


@pytest.mark.parametrize(("encoding", "bits"), FORMS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_is_heard_in_every_kind_of_wav(encoding: int, bits: int, channels: int) -> None:
    assert not is_silent(wav(0.05, encoding, bits, channels))
    assert is_silent(wav(0.0, encoding, bits, channels))


@pytest.mark.parametrize(("encoding", "bits"), FORMS)
def test_its_length_is_that_of_its_samples(encoding: int, bits: int) -> None:
    assert seconds_of(wav(0.0, encoding, bits)) == 0.1


@pytest.mark.parametrize("audio", [b"", b"ID3" + bytes(100), to_wav(b"", 0), b"RIFF0000WAVE"])
def test_a_length_that_nobody_tells_is_not_known(audio: bytes) -> None:
    assert seconds_of(audio) is None


@pytest.mark.parametrize(("encoding", "bits"), [form for form in FORMS if form != (1, 8)])
def test_silence_ends_at_60_decibels_below_full_scale(encoding: int, bits: int) -> None:
    assert is_silent(wav(0.0009, encoding, bits))
    assert not is_silent(wav(0.0012, encoding, bits))


def test_a_file_without_samples_is_silent() -> None:
    assert is_silent(to_wav(b"", 16_000))
    assert is_silent(wav_header(None, 16_000))


@pytest.mark.parametrize("audio", [b"", b"ID3" + bytes(100), b"RIFF", to_wav(bytes(8), 8_000)[:30], b"RIFF0000WAVE"])
def test_what_cannot_be_read_is_not_called_silent(audio: bytes) -> None:
    assert not is_silent(audio)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 2_000_000_000])
def test_a_recorder_that_does_not_know_the_length_is_heard(length: int) -> None:
    for audio, silent in ((wav(0.05, 1, 16), False), (wav(0.0, 1, 16), True)):
        assert is_silent(audio[:40] + struct.pack("<I", length) + audio[44:]) is silent
