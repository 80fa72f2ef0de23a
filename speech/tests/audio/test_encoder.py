"""Every codec of the folder, under one contract."""

from __future__ import annotations

import builtins
import io
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from speech.audio import Encoder, codecs, formats, read_wav
from speech.audio.formats._ffmpeg import AVCodec
from speech.exceptions import InvalidRequest, UnsupportedFeature

HALF_SECOND = (9000 * np.sin(np.arange(11_025) * 0.2)).astype("<i2").tobytes()
CONTENT_TYPES = {
    "aac": "audio/aac",
    "alaw": "audio/PCMA;rate=22050",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "mulaw": "audio/PCMU;rate=22050",
    "opus": "audio/ogg",
    "pcm": "audio/pcm;rate=22050",
    "wav": "audio/wav",
    "wav_alaw": "audio/wav",
    "wav_mulaw": "audio/wav",
}


def encoded(codec: str, *, chunk: int = len(HALF_SECOND), **options: Any) -> bytes:
    encoder = Encoder(codec, 22_050, **options)
    return (
        b"".join(encoder.encode(HALF_SECOND[at : at + chunk]) for at in range(0, len(HALF_SECOND), chunk))
        + encoder.finish()
    )


@pytest.fixture(params=codecs())
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_names_its_content_type(codec: str) -> None:
    assert Encoder(codec, 22_050).content_type == CONTENT_TYPES[codec]


def test_chunks_of_half_samples_give_the_same_bytes_as_the_whole(codec: str) -> None:
    assert encoded(codec, chunk=1001) == encoded(codec)


def test_no_sound_at_all_is_no_error(codec: str) -> None:
    assert isinstance(Encoder(codec, 22_050).finish(), bytes)


@pytest.mark.parametrize("codec", [codec for codec in codecs() if codec not in ("pcm", "mulaw", "alaw")])
def test_a_decoder_hears_the_same_sound(codec: str) -> None:
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(encoded(codec))) as file:
        sample_rate = file.streams.audio[0].rate
        heard = np.concatenate([np.atleast_2d(frame.to_ndarray())[0] for frame in file.decode(audio=0)])

    # Lossy codecs work in frames of 20 to 46 ms and fill up with silence at both ends.
    assert 0.5 <= len(heard) / sample_rate <= 0.5 + 0.15
    spectrum = np.abs(np.fft.rfft(heard.astype(float)))
    assert np.argmax(spectrum) * sample_rate / len(heard) == pytest.approx(0.2 * 22_050 / (2 * np.pi), rel=0.01)


@pytest.mark.parametrize(("known", "samples"), [(len(HALF_SECOND), len(HALF_SECOND) // 2), (None, 0)])
def test_flac_says_how_many_samples_it_has_where_that_is_known(known: int | None, samples: int) -> None:
    """RFC 9639, section 8.2: a field of 36 bits; 0 means unknown."""
    pytest.importorskip("av")
    for chunk in (1001, len(HALF_SECOND)):
        head = encoded("flac", chunk=chunk, data_bytes=known)
        assert int.from_bytes(head[21:26], "big") & (1 << 36) - 1 == samples


def test_lossless_codecs_keep_every_sample() -> None:
    assert encoded("pcm") == HALF_SECOND
    assert read_wav(encoded("wav")) == (HALF_SECOND, 22_050)


def test_a_wav_of_known_length_says_it() -> None:
    assert encoded("wav", data_bytes=len(HALF_SECOND))[40:44] == len(HALF_SECOND).to_bytes(4, "little")
    assert encoded("wav")[40:44] == b"\xff" * 4


def test_mp3_sends_sound_before_the_end() -> None:
    assert Encoder("mp3", 22_050).encode(HALF_SECOND)


def test_a_higher_bitrate_gives_more_bytes() -> None:
    assert len(encoded("mp3", bitrate=96_000)) > 1.3 * len(encoded("mp3", bitrate=48_000))


@pytest.mark.parametrize("bitrate", [-1, 0, 7_999, 256_001])
def test_it_refuses_a_bitrate_out_of_range(codec: str, bitrate: int) -> None:
    with pytest.raises(InvalidRequest, match="bitrate must be from 8000 to 256000") as caught:
        Encoder(codec, 24_000, bitrate)
    assert caught.value.param == "bitrate"


def test_it_refuses_a_codec_that_nobody_knows() -> None:
    with pytest.raises(
        InvalidRequest,
        match="codec must be one of aac, alaw, flac, mp3, mulaw, opus, pcm, wav, wav_alaw, wav_mulaw, not 'ogg'",
    ) as caught:
        Encoder("ogg", 24_000)
    assert caught.value.param == "codec"


def test_every_codec_of_the_folder_has_a_content_type_here() -> None:
    assert set(formats.names()) == set(CONTENT_TYPES)


def test_the_base_install_does_all_that_needs_no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AVCodec, "is_usable", classmethod(lambda cls: False))

    assert codecs() == ["alaw", "mp3", "mulaw", "pcm", "wav", "wav_alaw", "wav_mulaw"]
    with pytest.raises(UnsupportedFeature, match=r"codec opus needs PyAV .* -r requirements-codecs.txt$") as caught:
        Encoder("opus", 24_000)
    assert caught.value.param == "codec"


def test_nothing_imports_pyav_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def no_av(name: str, *args: Any) -> Any:
        assert name != "av"
        return real_import(name, *args)

    monkeypatch.setattr(builtins, "__import__", no_av)

    assert encoded("mp3")
    assert ("opus" in codecs()) == (find_spec("av") is not None)
