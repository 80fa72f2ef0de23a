"""Recordings without a word in them."""

from __future__ import annotations

from typing import Any

import redis

from speech.audio import to_wav
from speech.tests.gateway.scripted import ScriptedOpenAI
from speech.tests.gateway.test_openai_transcriptions import WAV, hear, post
from speech.tests.loopback import Answer, Seen
from speech.tests.loopback.answers import as_json
from speechsite.tests.support.server import Server


def test_silence_is_answered_without_asking_anybody(
    gateway: Server, sdk: Any, provider: ScriptedOpenAI, cache: redis.Redis
) -> None:
    for audio in (to_wav(bytes(32_000), 16_000), to_wav(b"\1\0" * 16_000, 16_000), to_wav(b"", 16_000)):
        for _ in range(2):
            assert hear(sdk, audio).text == ""
        response = post(gateway, audio)
        assert (response.status, response.headers["X-Cost-USD"]) == (200, "0")
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
