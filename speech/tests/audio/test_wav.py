from __future__ import annotations

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.audio import read_wav, to_wav, wav_header
from speech.audio.wav import PCM_SUBFORMAT

SAMPLES = b"\x01\x00\x02\x00\x03\x00"
FMT = struct.pack("<HHIIHH", 1, 1, 24_000, 48_000, 2, 16)


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    return name + struct.pack("<I", length) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WAVE" + b"".join(chunks)


@given(st.binary(max_size=64).map(lambda data: data[: len(data) // 2 * 2]), st.integers(1, 192_000))
def test_it_reads_what_it_wrote(pcm: bytes, sample_rate: int) -> None:
    assert read_wav(to_wav(pcm, sample_rate)) == (pcm, sample_rate)
    assert read_wav(wav_header(None, sample_rate) + pcm) == (pcm, sample_rate)


def test_it_writes_what_the_standard_library_reads() -> None:
    with wave.open(io.BytesIO(to_wav(SAMPLES, 22_050))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert file.readframes(10) == SAMPLES


def test_it_takes_chunks_in_any_order_and_odd_ones_with_padding() -> None:
    file = riff(chunk(b"LIST", b"odd"), chunk(b"data", SAMPLES), chunk(b"junk", b"x"), chunk(b"fmt ", FMT), b"\0\0\0")

    assert read_wav(file) == (SAMPLES, 24_000)


@pytest.mark.parametrize("length", [0, 2_000_000_000, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFF024])
def test_it_reads_to_the_end_where_the_writer_did_not_know_the_length(length: int) -> None:
    half_a_sample_more = riff(chunk(b"fmt ", FMT), chunk(b"data", SAMPLES, length)) + b"\x09"

    assert read_wav(half_a_sample_more) == (SAMPLES, 24_000)


def test_it_reads_the_extensible_format() -> None:
    extensible = struct.pack("<HHIIHH", 0xFFFE, 1, 24_000, 48_000, 2, 16) + struct.pack("<HHI", 22, 16, 4)

    assert read_wav(riff(chunk(b"fmt ", extensible + PCM_SUBFORMAT), chunk(b"data", SAMPLES))) == (SAMPLES, 24_000)
    with pytest.raises(ValueError, match="encoding 0xfffe"):
        read_wav(riff(chunk(b"fmt ", extensible + bytes(16)), chunk(b"data", SAMPLES)))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "shorter than its header"),
        (b"ID3" + bytes(40), "does not begin with RIFF"),
        (riff(chunk(b"data", SAMPLES)), "no fmt chunk"),
        (riff(chunk(b"fmt ", FMT)), "no data chunk"),
        (riff(chunk(b"fmt ", FMT[:8]), chunk(b"data", SAMPLES)), "too short"),
        (riff(chunk(b"fmt ", FMT), chunk(b"data", SAMPLES, 5000)), "cut short"),
        (riff(chunk(b"fmt ", FMT), chunk(b"data", SAMPLES[:3])), "half a sample"),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8)), chunk(b"data", b"")), "0x0007, not PCM"),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16)), chunk(b"data", b"")), "2 channels"),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)), chunk(b"data", b"")), "8 bits"),
        (riff(chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 0, 0, 2, 16)), chunk(b"data", b"")), "sample rate of 0"),
    ],
)
def test_it_says_why_it_refuses_a_file(file: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_wav(file)


@given(st.data())
def test_it_raises_nothing_but_value_error(data: st.DataObject) -> None:
    file = bytearray(riff(chunk(b"fmt ", FMT), chunk(b"LIST", b"abc"), chunk(b"data", SAMPLES)))
    for _ in range(data.draw(st.integers(0, 6))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(file)))
    try:
        pcm, sample_rate = read_wav(bytes(file[:cut]) + data.draw(st.binary(max_size=20)))
    except ValueError:
        return
    assert len(pcm) % 2 == 0
    assert sample_rate > 0
