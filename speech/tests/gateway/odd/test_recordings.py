"""Recordings without a word in them, those of telephones, and transcripts of servers that are not OpenAI's."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis

from speech.audio import to_wav
from speech.tests.gateway.scripted import ScriptedOpenAI, events
from speech.tests.gateway.test_openai_transcriptions import WAV, hear, post
from speech.tests.loopback import Answer, Seen
from speech.tests.loopback.answers import as_json
from speech.tests.support.bad_requests import error_of
from speechsite.tests.support.server import Server


def test_silence_is_answered_without_asking_anybody(
    gateway: Server, sdk: Any, provider: ScriptedOpenAI, cache: redis.Redis
) -> None:
    for audio in (to_wav(bytes(32_000), 16_000), to_wav(b"\1\0" * 16_000, 16_000), to_wav(b"", 16_000)):
        for _ in range(2):
            assert hear(sdk, audio).text == ""
        response = post(gateway, audio)
        assert (response.status, response.headers["X-Cost-USD"]) == (200, "0")
    second = to_wav(bytes(32_000), 16_000)
    assert hear(sdk, second, response_format="verbose_json").duration == 1.0
    assert provider.requests == []
    assert cache.keys("stt:*") == []


def test_words_that_the_model_itself_takes_for_invented_are_not_stored(
    sdk: Any, provider: ScriptedOpenAI, cache: redis.Redis, monkeypatch: Any
) -> None:
    segments = [{"id": 0, "start": 0.0, "end": 1.0, "text": "Thank you for watching!", "no_speech_prob": 0.98}]

    def answer(seen: Seen) -> Answer:
        return as_json({"text": "Thank you for watching!", "duration": 1.0, "segments": segments})

    monkeypatch.setattr(provider, "answer", answer)
    for _ in range(2):
        hear(sdk, WAV, response_format="verbose_json")
    assert len(provider.requests) == 2
    assert cache.keys("stt:*") == []
    segments[0]["no_speech_prob"] = 0.2
    for _ in range(2):
        hear(sdk, WAV, response_format="verbose_json")
    assert len(provider.requests) == 3


def test_word_times_may_be_asked_for_without_brackets(gateway: Server, provider: ScriptedOpenAI) -> None:
    post(gateway, response_format="verbose_json", timestamp_granularities="word")
    assert "word" in str(provider.requests[-1].body)


def test_a_file_besides_the_recording_is_not_dropped_in_silence(gateway: Server, provider: ScriptedOpenAI) -> None:
    response = post(gateway, reference=("voice.wav", WAV))
    assert (response.status, error_of(response)["param"]) == (400, "reference")
    assert provider.requests == []


@pytest.mark.parametrize(
    ("audio", "name"),
    [
        (b"#!AMR\n" + bytes(99), "audio.amr"),
        (b"caff\0\1" + bytes(99), "audio.caf"),
        (b"\0\0\0\x14wide" * 9, "audio.m4a"),
    ],
)
def test_what_a_telephone_records_is_left_to_the_provider(
    gateway: Server, provider: ScriptedOpenAI, audio: bytes, name: str
) -> None:
    assert post(gateway, audio).json()["text"] == f"I am {len(audio)} bytes long."
    assert provider.requests[0].body["filename"] == name


def test_subtitles_begin_at_zero(gateway: Server, provider: ScriptedOpenAI) -> None:
    segments = [{"start": -0.3, "end": 1.5, "text": " Hello"}, {"start": 2.5, "end": 1.9, "text": " there."}]
    provider.script = as_json({"text": "Hello there.", "segments": segments})
    provider.scripted = "/audio/transcriptions"
    assert post(gateway, response_format="srt").data.decode() == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello\n\n2\n00:00:02,500 --> 00:00:02,500\nthere.\n"
    )


def test_events_of_mistral_become_openais(sdk: Any, provider: ScriptedOpenAI) -> None:
    sent: list[dict[str, Any]] = [
        {"type": "transcription.language", "audio_language": "en"},
        {"type": "transcription.text.delta", "text": "Hello"},
        {"type": "transcription.text.delta", "text": " there."},
        {"type": "transcription.done", "text": "Hello there.", "language": "en", "model": "voxtral", "usage": {}},
    ]
    provider.script = events(*(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in sent))
    provider.scripted = "/audio/transcriptions"
    _, first, second, done = hear(sdk, model="voxtral", stream=True)
    assert (first.delta, second.delta, done.type, done.text) == (
        "Hello", " there.", "transcript.text.done", "Hello there.",
    )  # fmt: skip
    assert hear(sdk, model="voxtral").text == "Hello there."
    assert len(provider.requests) == 1
