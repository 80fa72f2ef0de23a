from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from speech.audio import Encoder, codecs
from speech.audio.g711 import ALAW, MULAW, encode
from speech.audio.wav import read_g711_wav

TONE = (12_000 * np.sin(np.arange(8_001) * 0.3)).astype("<i2").tobytes()


def coded(samples: list[int], law: int) -> list[int]:
    return list(encode(struct.pack(f"<{len(samples)}h", *samples), law))


def test_the_codes_are_those_of_the_recommendation() -> None:
    """Loudest, quietest and the ends of segments (G.711, tables 1a to 2b)."""
    assert coded([0, -1, 32_767, -32_768, 8, -8], MULAW) == [0xFF, 0x7F, 0x80, 0x00, 0xFE, 0x7E]
    assert coded([0, -1, 32_767, -32_768, 16, -17], ALAW) == [0xD5, 0x55, 0xAA, 0x2A, 0xD4, 0x54]


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_a_decoder_hears_the_same_sound(law: str) -> None:
    av = pytest.importorskip("av")
    encoder = Encoder(f"wav_{law}", 8_000, data_bytes=len(TONE))
    with av.open(io.BytesIO(encoder.encode(TONE) + encoder.finish())) as file:
        stream = file.streams.audio[0]
        assert (stream.codec_context.name, stream.rate) == (f"pcm_{law}", 8_000)
        assert float(stream.duration * stream.time_base) == pytest.approx(8_001 / 8_000)
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)]).astype(np.int32)
    sent = np.frombuffer(TONE, "<i2").astype(np.int32)
    assert len(heard) == len(sent)
    # A step is a 16th of its segment, which is as wide as where it begins (mu-law: before the bias of 132 goes off).
    assert np.all(np.abs(heard - sent) <= (np.abs(sent) + 132) / 31 + 5)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_raw_is_the_same_without_a_header(law: str) -> None:
    raw, wav = Encoder(law, 8_000), Encoder(f"wav_{law}", 8_000)
    assert wav.encode(TONE)[58:] == raw.encode(TONE)
    assert len(Encoder(law, 8_000).encode(TONE)) == len(TONE) // 2


def test_a_header_says_the_length_where_it_is_known_and_that_it_is_not() -> None:
    known, unknown = Encoder("wav_mulaw", 8_000, data_bytes=len(TONE)).finish(), Encoder("wav_mulaw", 8_000).finish()
    assert int.from_bytes(known[54:58], "little") == len(TONE) // 2
    assert int.from_bytes(known[4:8], "little") == len(known) - 8 + len(TONE) // 2
    assert unknown[54:58] == b"\xff" * 4


def test_every_sample_is_read_where_the_length_is_not_known() -> None:
    assert read_g711_wav(Encoder("wav_mulaw", 8_000).encode(TONE)) == Encoder("mulaw", 8_000).encode(TONE)


@pytest.mark.skipif("flac" not in codecs(), reason="needs PyAV")
def test_a_flac_file_says_its_length_where_it_is_known() -> None:
    import av

    for rate in (8_000, 24_000, 44_100):
        encoder = Encoder("flac", rate, data_bytes=len(TONE))
        with av.open(io.BytesIO(encoder.encode(TONE) + encoder.finish()), "r") as file:
            assert file.duration == pytest.approx(len(TONE) / 2 / rate * 1e6, abs=100)
            assert sum(frame.samples for frame in file.decode(audio=0)) == len(TONE) // 2
