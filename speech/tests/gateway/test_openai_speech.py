"""Speech through the gateway as the `openai` SDK sees it."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from speech.audio import read_wav
from speech.audio.formats import codecs
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.loopback.answers import tone
from speech.tests.support.voices import OPENAI_VOICES
from speechsite.tests.support.server import Server

TYPES = {
    "mp3": ("audio/mpeg", (b"\xff\xfb", b"\xff\xf3", b"ID3")),
    "wav": ("audio/wav", (b"RIFF",)),
    "flac": ("audio/flac", (b"fLaC",)),
    "opus": ("audio/ogg", (b"OggS",)),
    "aac": ("audio/aac", (b"\xff\xf1",)),
    "mulaw": ("audio/PCMU;rate=8000", (b"",)),
    "alaw": ("audio/PCMA;rate=8000", (b"",)),
    "wav_mulaw": ("audio/wav", (b"RIFF",)),
    "wav_alaw": ("audio/wav", (b"RIFF",)),
}


def speak(sdk: Any, text: str = "Good morning.", **fields: Any) -> Any:
    create = sdk.audio.speech.with_raw_response.create
    return create(**{"model": "gpt-4o-mini-tts", "voice": "alloy", "input": text, **fields})


def post(gateway: Server, **body: Any) -> Any:
    return gateway.request("POST", "/v1/audio/speech", json={"model": "tts", "voice": "alloy", **body})


def events_of(response: Any) -> list[Any]:
    frames = response.data.decode().strip().split("\n\n")
    assert frames and all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    return [frame[6:] if frame == "data: [DONE]" else json.loads(frame[6:]) for frame in frames]


def test_speech_to_a_file_is_mp3_unless_another_format_is_named(
    sdk: Any, provider: ScriptedOpenAI, tmp_path: Path
) -> None:
    for name in ("fresh", "cached"):
        with sdk.audio.speech.with_streaming_response.create(model="tts-1", voice="alloy", input="Hello.") as response:
            response.stream_to_file(tmp_path / name)
            assert (response.status_code, response.headers["content-type"]) == (200, "audio/mpeg")
    fresh, cached = (tmp_path / "fresh").read_bytes(), (tmp_path / "cached").read_bytes()
    assert fresh == cached
    assert fresh.startswith(TYPES["mp3"][1])
    assert len(provider.requests) == 1


@pytest.mark.parametrize("codec", [codec for codec in codecs() if codec != "pcm"])
@pytest.mark.parametrize("times", [1, 2])
def test_the_content_type_matches_the_bytes(sdk: Any, provider: ScriptedOpenAI, codec: str, times: int) -> None:
    content_type, beginnings = TYPES[codec]
    for _ in range(times):
        response = speak(sdk, response_format=codec)
    assert response.http_response.status_code == 200
    assert response.headers["content-type"] == content_type
    assert response.content.startswith(beginnings)
    assert len(provider.requests) == 1


def test_pcm_is_24_khz_without_a_header(sdk: Any, provider: ScriptedOpenAI) -> None:
    fresh, cached = speak(sdk, response_format="pcm"), speak(sdk, response_format="pcm")
    assert fresh.content == cached.content == tone("Good morning.", 24_000)
    assert fresh.headers["content-type"].startswith("audio/pcm")
    assert provider.requests[0].body["response_format"] == "pcm"
    samples, rate = read_wav(speak(sdk, response_format="wav").content)
    assert (samples, rate) == (fresh.content, 24_000)
    assert len(provider.requests) == 1, "wav and pcm come from one entry"


def test_the_async_client_streams_speech(gateway: Server, provider: ScriptedOpenAI) -> None:
    async def spoken() -> bytes:
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key) as client:
            create = client.audio.speech.with_streaming_response.create
            async with create(model="tts-1", voice="nova", input="Hello.", response_format="pcm") as response:
                return b"".join([chunk async for chunk in response.iter_bytes()])

    assert asyncio.run(spoken()) == tone("Hello.")


@pytest.mark.parametrize("times", [1, 2])
def test_speech_as_events(gateway: Server, provider: ScriptedOpenAI, times: int) -> None:
    for _ in range(times):
        response = post(gateway, input="Hello.", response_format="pcm", stream_format="sse")
    assert response.headers["content-type"] == "text/event-stream"
    *deltas, done, end = events_of(response)
    assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == tone("Hello.")
    assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
    assert done["type"] == "speech.audio.done"
    assert set(done["usage"]) == {"input_tokens", "output_tokens", "total_tokens"}
    assert end == "[DONE]"


@pytest.mark.parametrize("voice", OPENAI_VOICES)
def test_the_thirteen_voices_work_with_every_provider(
    gateway: Server, provider: ScriptedOpenAI, sdk: Any, voice: str
) -> None:
    for model in ("gpt-4o-mini-tts", "espeak/espeak-ng"):
        response = speak(sdk, f"Voice {voice}.", voice=voice, model=model, response_format="pcm")
        assert len(response.content) > 1_000
    assert [body["voice"] for body in provider.calls("/audio/speech")] == [voice]


def test_a_voice_may_be_an_object_and_a_speed_a_whole_number(gateway: Server, provider: ScriptedOpenAI) -> None:
    assert post(gateway, input="Hi there.", voice={"id": "ash"}, speed=1).status == 200
    again = post(gateway, input="Hi there.", voice="ash", speed=1.0)
    assert again.headers["X-Cache"] == "HIT"
    assert [body["voice"] for body in provider.calls("/audio/speech")] == ["ash"]


@pytest.mark.parametrize("instructions", ["None", "", None])
def test_no_instructions_may_be_said_in_many_ways(
    gateway: Server, provider: ScriptedOpenAI, instructions: str | None
) -> None:
    assert post(gateway, input="Hi there.").status == 200
    assert post(gateway, input="Hi there.", instructions=instructions).headers["X-Cache"] == "HIT"
    assert "instructions" not in provider.requests[0].body


def test_instructions_are_passed_on_and_make_another_entry(gateway: Server, provider: ScriptedOpenAI) -> None:
    assert post(gateway, input="Hi there.").status == 200
    assert post(gateway, input="Hi there.", instructions="Whisper.").headers["X-Cache"] == "MISS"
    assert provider.requests[1].body["instructions"] == "Whisper."


def test_unknown_fields_are_passed_on_and_keyed(gateway: Server, provider: ScriptedOpenAI) -> None:
    for value in (1, 2, 2):
        assert post(gateway, input="Hi there.", unheard_of={"a": value}, stream_format="audio").status == 200
    assert [seen.body["unheard_of"] for seen in provider.requests] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("language", ["en-GB", "English", "Auto"])
def test_a_language_is_passed_on_as_it_is(gateway: Server, provider: ScriptedOpenAI, language: str) -> None:
    assert post(gateway, input="Hi there.", language=language).status == 200
    assert provider.requests[0].body["language"] == language


def test_a_text_is_spoken_sentence_by_sentence_but_at_quality_in_one_piece(sdk: Any, provider: ScriptedOpenAI) -> None:
    text = "Good morning. How are you?"
    speak(sdk, text)
    speak(sdk, text, extra_headers={"X-Optimization-Level": "quality"})
    assert sorted(provider.spoken) == sorted(["Good morning.", "How are you?", text])


def test_a_provider_that_fails_at_once_is_an_error(sdk: Any, provider: ScriptedOpenAI, cache: Any) -> None:
    provider.behave("401")
    with pytest.raises(openai.APIStatusError) as caught:
        speak(sdk)
    assert caught.value.status_code == 502
    assert caught.value.code == "provider_auth_failed"
    assert cache.keys("tts:*") == []


def test_a_provider_that_fails_in_the_middle_is_told_as_an_event_and_nothing_is_stored(
    gateway: Server, provider: ScriptedOpenAI, cache: Any
) -> None:
    provider.behave("half")
    response = post(gateway, input="Good morning.", response_format="pcm", stream_format="sse")
    assert events_of(response)[-1]["error"]["code"] == "provider_unavailable"
    # Plain audio has no place for an error, and granian 2.8.7 ends the body as if it were whole: it is only shorter.
    assert len(post(gateway, input="Good morning.", response_format="pcm").data) < len(tone("Good morning."))
    assert cache.keys("tts:*") == []
