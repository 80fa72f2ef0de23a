from __future__ import annotations

import io
import logging
import wave
from typing import Any

import numpy as np
import pytest
import redis
from numpy.typing import NDArray
from prometheus_client import REGISTRY

from speech.tests.loopback import FakeOpenAI
from speech.tests.support.bad_requests import BAD_BODIES, BadBody, error_of

ENGLISH = "Hello from the cache."
HINDI = "नमस्ते, आप कैसे हैं?"
BODY = {"text": ENGLISH}
TWO = "The first sentence is here. The second sentence follows."


def speak(api: Any, body: Any, path: str = "/api/tts/", **headers: str) -> Any:
    return api.post(path, body, format="json", headers=headers)


def samples(pcm: bytes) -> NDArray[np.int16]:
    return np.frombuffer(pcm, dtype="<i2")


def read_wav(content: bytes) -> tuple[int, NDArray[np.int16]]:
    """Sample rate and samples, as a player would read them."""
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    with wave.open(io.BytesIO(content)) as audio:
        assert (audio.getnchannels(), audio.getsampwidth(), audio.getcomptype()) == (1, 2, "NONE")
        sound = samples(audio.readframes(audio.getnframes()))
        assert len(sound) == audio.getnframes() == (len(content) - 44) // 2
        return audio.getframerate(), sound


def spoken_texts(fake_openai: FakeOpenAI) -> list[str]:
    return sorted(seen.body["input"] for seen in fake_openai.requests)


@pytest.mark.parametrize("text", [ENGLISH, HINDI])
def test_it_speaks_once_and_then_plays_from_redis(api: Any, text: str) -> None:
    first, second = speak(api, {"text": text}), speak(api, {"text": text})
    assert (first.status_code, first.headers["X-Cache"], second.headers["X-Cache"]) == (200, "MISS", "HIT")
    assert first.headers["Content-Type"] == "audio/wav"
    assert first.headers["Cache-Status"] == "speechsite; fwd=uri-miss; stored; ttl=900"
    assert second.headers["Cache-Status"].startswith("speechsite; hit; ttl=")
    assert (second.headers["X-Cache-Match"], second.headers["Age"].isdecimal()) == ("exact", True)
    assert first.content == second.content
    rate, sound = read_wav(first.content)
    assert rate == 24_000
    assert 0.5 < len(sound) / rate < 10
    assert np.abs(sound).max() > 3_000, "silence"
    assert np.mean(np.abs(sound) > 300) > 0.2, "nearly silence"


def test_two_voices_sound_different(api: Any) -> None:
    assert speak(api, BODY).content != speak(api, BODY | {"voice": "hi"}).content


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_the_sample_rate_changes_the_rate_and_not_the_length(api: Any, rate: int) -> None:
    said, sound = read_wav(speak(api, BODY | {"sample_rate": rate}).content)
    _, usual = read_wav(speak(api, BODY).content)
    assert said == rate
    assert len(sound) / rate == pytest.approx(len(usual) / 24_000, rel=0.01)


def test_pcm_is_the_wav_without_its_header(api: Any) -> None:
    wav = speak(api, BODY).content
    response = speak(api, BODY | {"codec": "pcm"})
    assert response.headers["X-Cache"] == "HIT"
    assert response.headers["Content-Type"].startswith("audio/pcm")
    assert response.content == wav[44:]


def test_mp3_is_smaller_and_stored_as_it_is(api: Any, redis_client: redis.Redis) -> None:
    first, second = speak(api, BODY | {"codec": "mp3"}), speak(api, BODY | {"codec": "mp3"})
    assert first.headers["Content-Type"] == "audio/mpeg"
    assert first.content[:3] == b"ID3" or first.content[0] == 0xFF
    assert (second.headers["X-Cache"], second.content) == ("HIT", first.content)
    assert len(first.content) < len(speak(api, BODY).content) / 3
    assert redis_client.keys("tts:espeak:*:mp3")


@pytest.mark.parametrize("level", ["balanced", "speed"])
def test_sentences_are_shared_between_requests(api: Any, fake_openai: FakeOpenAI, level: str) -> None:
    first = speak(api, {"text": TWO, "optimization_level": level})
    assert spoken_texts(fake_openai) == ["The first sentence is here.", "The second sentence follows."]
    other = speak(api, {"text": f"The second sentence follows. {TWO}", "optimization_level": level})
    assert (first.headers["X-Cache"], other.headers["X-Cache"]) == ("MISS", "HIT")
    assert len(fake_openai.requests) == 2


def test_at_quality_a_text_is_one_piece(api: Any, fake_openai: FakeOpenAI) -> None:
    body = {"text": TWO, "optimization_level": "quality"}
    assert [speak(api, body).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert spoken_texts(fake_openai) == [TWO]


@pytest.mark.parametrize(("level", "seconds"), [("quality", 1800), ("balanced", 900), ("speed", 300)])
def test_the_level_sets_the_time_to_live(api: Any, redis_client: redis.Redis, level: str, seconds: int) -> None:
    speak(api, BODY | {"optimization_level": level})
    assert all(seconds - 5 <= redis_client.ttl(key) <= seconds for key in redis_client.keys("tts:*"))
    assert redis_client.keys("tts:*")


def counted(name: str) -> float:
    """By exactly these two labels."""
    return REGISTRY.get_sample_value(name, {"cache_type": "tts", "optimization_level": "balanced"}) or 0.0


def test_requests_are_counted_and_logged(api: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "caching")
    before = counted("cache_hits_total"), counted("cache_misses_total")
    for _ in range(3):
        speak(api, BODY)
    assert (counted("cache_hits_total"), counted("cache_misses_total")) == (before[0] + 2, before[1] + 1)
    assert [message for message in caplog.messages if message.startswith("TTS")] == [
        "TTS cache miss for voice: en-gb",
        *["TTS cache hit for voice: en-gb"] * 2,
    ]


def test_audio_that_is_too_large_is_served_and_not_stored(api: Any, redis_client: redis.Redis, settings: Any) -> None:
    settings.CACHE_MAX_ENTRY_BYTES = 1000
    for _ in range(2):
        response = speak(api, BODY)
        assert (response.status_code, response.headers["Cache-Status"]) == (200, "speechsite; fwd=uri-miss")
        assert len(read_wav(response.content)[1]) > 1000
    assert redis_client.keys("tts:*") == []


def test_a_voice_cannot_break_a_key(api: Any, fake_openai: FakeOpenAI, redis_client: Any) -> None:
    assert speak(api, BODY | {"voice": "a:*[b"}).status_code == 200
    (key,) = redis_client.keys("tts:*")
    assert key.decode().split(":")[2] == "a%3A%2A%5Bb"


def test_both_spellings_of_the_address_work(api: Any) -> None:
    assert speak(api, BODY, path="/api/tts").headers["X-Cache"] == "MISS"
    assert speak(api, BODY, path="/api/tts/").headers["X-Cache"] == "HIT"


def test_without_redis_every_text_is_spoken(api: Any, fake_openai: FakeOpenAI, use_redis: Any) -> None:
    use_redis("")
    assert [speak(api, BODY).headers["X-Cache"] for _ in range(2)] == ["BYPASS", "BYPASS"]
    assert len(fake_openai.requests) == 2


def test_cache_control_is_heeded(api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis) -> None:
    nothing = speak(api, BODY, **{"Cache-Control": "only-if-cached"})
    assert (nothing.status_code, error_of(nothing)["code"]) == (504, "not_cached")
    assert fake_openai.requests == []
    assert speak(api, BODY, **{"Cache-Control": "no-store"}).headers["X-Cache"] == "BYPASS"
    assert redis_client.keys() == []
    assert speak(api, BODY, **{"Cache-Control": "no-cache"}).headers["X-Cache"] == "BYPASS"
    assert speak(api, BODY, **{"Cache-Control": "only-if-cached"}).headers["X-Cache"] == "HIT"
    assert len(fake_openai.requests) == 2


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": ["Hello"]}, "text"),
        ({"text": "x" * 20_001}, "text"),
        (BODY | {"provider": "nobody"}, "provider"),
        (BODY | {"provider": "demo"}, "provider"),
        (BODY | {"provider": {}}, "provider"),
        (BODY | {"voice": "xx", "provider": "espeak"}, "voice"),
        (BODY | {"voice": "x" * 201}, "voice"),
        (BODY | {"voice": 5}, "voice"),
        (BODY | {"codec": "midi"}, "codec"),
        (BODY | {"language": "xx", "provider": "espeak"}, "language"),
        (BODY | {"language": "x" * 36}, "language"),
        (BODY | {"optimization_level": "fastest"}, "optimization_level"),
        (BODY | {"speed": 0}, "speed"),
        (BODY | {"speed": 4.5}, "speed"),
        (BODY | {"speed": "fast"}, "speed"),
        (BODY | {"speed": True}, "speed"),
        (BODY | {"pitch": 1.5}, "pitch"),
        (BODY | {"sample_rate": 11_025}, "sample_rate"),
        (BODY | {"sample_rate": "loud"}, "sample_rate"),
        (BODY | {"instructions": "x" * 4_097}, "instructions"),
        (BODY | {"instructions": "Whisper.", "provider": "espeak"}, "instructions"),
        (BODY | {"model": []}, "model"),
        (BODY | {"colour": "red"}, "colour"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, body: dict[str, Any], param: str
) -> None:
    response = speak(api, body)
    assert (response.status_code, error_of(response)["param"]) == (400, param)
    assert fake_openai.requests == []
    assert redis_client.keys() == []


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: f"{bad.status} {bad.body[:20]!r}")
def test_it_refuses_what_is_no_json_object(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, bad: BadBody
) -> None:
    response = api.generic("POST", "/api/tts/", bad.body, content_type=bad.content_type)
    assert (response.status_code, error_of(response)["code"]) == (bad.status, bad.code)
    assert fake_openai.requests == []
    assert redis_client.keys() == []


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        ("401", 502, "provider_auth_failed"),
        ("quota", 503, "provider_quota_exceeded"),
        ("wrong-json", 502, "provider_bad_answer"),
        ("empty", 502, "provider_bad_answer"),
    ],
)
def test_a_failure_of_the_provider_is_explained_and_not_stored(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, behaviour: str, status: int, code: str
) -> None:
    fake_openai.behave(behaviour)
    response = speak(api, BODY)
    assert (response.status_code, error_of(response)["code"]) == (status, code)
    assert redis_client.keys("tts:*") == []


def test_a_sentence_that_was_spoken_is_kept_when_another_fails(api: Any, fake_openai: FakeOpenAI) -> None:
    speak(api, {"text": "The first sentence is here."})
    fake_openai.behave("401")
    assert speak(api, {"text": TWO}).status_code == 502
    assert speak(api, {"text": "The first sentence is here."}).headers["X-Cache"] == "HIT"


@pytest.mark.parametrize("path", ["/api/tts", "/api/tts/"])
def test_other_methods_are_refused_and_options_answered(api: Any, path: str) -> None:
    for method in (api.get, api.put, api.delete):
        response = method(path)
        assert (response.status_code, error_of(response)["code"]) == (405, "method_not_allowed")
    assert api.head(path).status_code == 405
    assert api.options(path).headers["Allow"] == "POST, OPTIONS"
