from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from speech.audio import g711, read_wav, stored
from speech.tests.loopback.answers import tone

RATES = [8_000, 16_000, 24_000, 48_000]
PCM = {rate: tone("What is a cache, and why does it have to be one?", rate) for rate in RATES}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("codec", ["wav", "flac"])
def test_lossless_is_the_same_to_the_bit(codec: str, rate: int) -> None:
    assert stored.decode(stored.encode(PCM[rate], rate, codec), rate, codec) == PCM[rate]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("codec", ["wav_mulaw", "opus"])
def test_lossy_is_as_long_and_nearly_the_same(codec: str, rate: int) -> None:
    heard = np.frombuffer(stored.decode(stored.encode(PCM[rate], rate, codec), rate, codec), "<i2").astype(float)
    said = np.frombuffer(PCM[rate], "<i2").astype(float)
    assert abs(len(heard) - len(said)) <= 0.03 * rate
    spectra = [np.abs(np.fft.rfft(sound[: min(len(heard), len(said))])) for sound in (said, heard)]
    assert spectra[0].argmax() == pytest.approx(spectra[1].argmax(), abs=2)


@pytest.mark.parametrize("law", [g711.MULAW, g711.ALAW])
def test_every_byte_of_a_telephone_line_comes_back(law: int) -> None:
    codes = bytes(range(256))
    again = g711.encode(g711.decode(codes, law), law)
    # Mu-law has a code for minus zero.
    assert [a for a, b in zip(codes, again, strict=True) if a != b] in ([], [0x7F])


@pytest.mark.parametrize("encoding", ["pcm", "flac", "mulaw", "opus"])
def test_a_hit_sounds_as_the_miss_did(
    api: APIClient, settings: Any, redis_client: Any, db: None, encoding: str
) -> None:
    settings.TTS_CACHE_ENCODING = encoding
    bodies = [{"text": "One is here. Two is there."}, {"text": "One is here."}]
    for body in bodies:
        miss, hit = (api.post("/api/tts/", body, format="json") for _ in range(2))
        assert hit.headers["X-Cache"] == "HIT"
        said, heard = read_wav(miss.content)[0], read_wav(hit.content)[0]
        assert (said == heard) or encoding in ("mulaw", "opus")
        assert len(said) == pytest.approx(len(heard), rel=0.02)
    stored_as = {key.decode().rpartition(":")[2] for key in redis_client.keys("tts:*")}
    assert stored_as == {stored.FORMATS[encoding]}
    timed = api.post("/api/tts/", {**bodies[0], "timestamps": ["word"]}, format="json")
    assert len(timed.json()["words"]) == 6
