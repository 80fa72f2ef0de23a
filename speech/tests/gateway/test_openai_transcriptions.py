"""Speech in, through the gateway, as the `openai` SDK sends it."""

from __future__ import annotations

from typing import Any

import openai
import pytest
import redis

from speech.audio import to_wav
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server

WAV = to_wav(bytes(range(250)) * 64, 16_000)
SAID = f"I am {len(WAV)} bytes long."
PATH = "/v1/audio/transcriptions"


def hear(sdk: Any, audio: bytes = WAV, **fields: Any) -> Any:
    return sdk.audio.transcriptions.create(**{"model": "whisper-1", "file": ("said.wav", audio), **fields})


def post(gateway: Server, audio: bytes | None = WAV, **fields: Any) -> Any:
    file = {} if audio is None else {"file": ("said.wav", audio)}
    return gateway.request("POST", PATH, fields={"model": "whisper-1", **file, **fields})


def test_a_recording_is_written_down_once(gateway: Server, sdk: Any, provider: ScriptedOpenAI, cache: Any) -> None:
    before = {kind: gateway.metric(f"cache_{kind}_total", cache_type="stt") for kind in ("hits", "misses")}
    assert [hear(sdk).text for _ in range(3)] == [SAID] * 3
    assert len(provider.requests) == 1
    [key] = cache.keys("stt:*")
    assert key.startswith(b"stt:openai:")
    assert 890 < cache.ttl(key) <= 900
    after = {kind: gateway.metric(f"cache_{kind}_total", cache_type="stt") for kind in ("hits", "misses")}
    assert {kind: after[kind] - before[kind] for kind in after} == {"hits": 2, "misses": 1}


def test_it_says_whether_it_was_a_hit(gateway: Server) -> None:
    responses = [post(gateway) for _ in range(2)]
    assert [response.headers["X-Cache"] for response in responses] == ["MISS", "HIT"]
    assert responses[1].headers["Cache-Status"].startswith("speechsite; hit")


def test_other_sound_or_other_options_are_another_entry(sdk: Any, provider: ScriptedOpenAI, cache: redis.Redis) -> None:
    hear(sdk)
    hear(sdk, audio=WAV + b"\0\0")
    hear(sdk, language="en")
    hear(sdk, prompt="Names: Priya")
    hear(sdk, temperature=0.5)
    hear(sdk, model="gpt-4o-transcribe")
    assert len(provider.requests) == len(cache.keys("stt:*")) == 6
    hear(sdk, file=("another name.mp3", WAV))
    assert len(provider.requests) == 6


def test_every_format(sdk: Any, provider: ScriptedOpenAI) -> None:
    assert hear(sdk, response_format="text") == SAID + "\n"
    verbose = hear(sdk, response_format="verbose_json")
    assert (verbose.text, verbose.duration, verbose.segments[0].end) == (SAID, 3.7, 1.25)
    assert hear(sdk, response_format="srt") == (
        f"1\n00:00:00,000 --> 00:00:01,250\n{SAID}\n\n2\n00:01:01,500 --> 01:01:01,007\nEnd.\n"
    )
    assert hear(sdk, response_format="vtt") == (
        f"WEBVTT\n\n00:00:00.000 --> 00:00:01.250\n{SAID}\n\n00:01:01.500 --> 01:01:01.007\nEnd.\n"
    )
    assert len(provider.requests) == 2, "one entry with times, one without"


def test_what_cannot_be_given_is_said(sdk: Any) -> None:
    for fields in (
        {"response_format": "diarized_json"},
        {"model": "gpt-4o-transcribe", "response_format": "srt"},
        {"stream": True},
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            hear(sdk, **fields)
        assert caught.value.code


@pytest.mark.parametrize(
    ("audio", "code"),
    [(None, "invalid_value"), (b"", "invalid_value"), (b"<html>", "not_audio"), (b"PK\3\4" + bytes(50), "not_audio")],
    ids=["no file", "empty", "a page", "a zip"],
)
def test_what_is_not_audio_is_refused(
    gateway: Server, provider: ScriptedOpenAI, audio: bytes | None, code: str
) -> None:
    response = post(gateway, audio)
    error = error_of(response)
    assert (response.status, error["param"]) == (400, "file")
    assert error["code"] in (code, "not_audio")
    assert provider.requests == []


def test_a_file_over_the_limit_is_refused(gateway: Server, provider: ScriptedOpenAI) -> None:
    for size in (26_214_401, 27_000_000):
        response = post(gateway, WAV + bytes(size - len(WAV)))
        assert (response.status, error_of(response)["code"]) == (413, "payload_too_large")
    assert provider.requests == []


def test_json_is_the_wrong_form(gateway: Server) -> None:
    response = gateway.request("POST", PATH, json={"model": "whisper-1"})
    assert (response.status, error_of(response)["code"]) == (415, "unsupported_media_type")


def test_a_failure_of_the_provider_is_not_stored(gateway: Server, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.behave("quota")
    response = post(gateway)
    assert (response.status, error_of(response)["code"]) == (503, "provider_quota_exceeded")
    assert cache.keys("stt:*") == []


def test_transcripts_are_never_shared(gateway: Server, provider: ScriptedOpenAI) -> None:
    for name in ("hears one", "hears two"):
        key = gateway.new_client(name, "--shared-scope")
        fields = {"model": "whisper-1", "file": ("said.wav", WAV)}
        response = gateway.request("POST", PATH, fields=fields, headers={"Authorization": f"Bearer {key}"})
        assert response.headers["X-Cache"] == "MISS"
    assert len(provider.requests) == 2


def test_without_redis_it_is_written_down_each_time(bare_gateway: Server, provider: ScriptedOpenAI) -> None:
    responses = [post(bare_gateway) for _ in range(2)]
    assert [(response.status, response.headers["X-Cache"]) for response in responses] == [(200, "BYPASS")] * 2
    assert len(provider.requests) == 2
