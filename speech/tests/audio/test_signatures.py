from __future__ import annotations

import pytest

from speech.audio import Encoder, signatures, to_wav
from speech.tests.loopback.answers import tone

PCM = tone("This is long enough for some frames of every format, and for more than some of them.")


@pytest.mark.parametrize(
    ("codec", "name"), [("mp3", "MP3"), ("aac", "AAC"), ("opus", "Ogg"), ("flac", "FLAC"), ("wav", "a WAV file")]
)
def test_a_file_is_known_by_its_first_bytes(codec: str, name: str) -> None:
    encoder = Encoder(codec, 24_000)
    assert signatures.format_of(encoder.encode(PCM) + encoder.finish()) == name


@pytest.mark.parametrize(
    "samples",
    [PCM, b"", b"\xff", bytes(9_600), b"\xff\xff" * 4_800, b"\xff\xfb" + bytes(9_600), to_wav(PCM, 24_000)[44:]],
)
def test_samples_are_not(samples: bytes) -> None:
    assert signatures.format_of(samples) == ""
