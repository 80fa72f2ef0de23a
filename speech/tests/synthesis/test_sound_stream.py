"""The way of sound from a provider to a response."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
import redis
from django.db import OperationalError
from rest_framework.test import APIClient

from caching import background, metrics
from caching.ledger.writer import writer
from caching.models import HourlyUsage
from caching.pricing.usage import Usage
from speech import providers
from speech.audio import Encoder
from speech.models import Receipt
from speech.providers.base import Speech, SpeechRequest
from speech.synthesis import pipeline
from speech.synthesis.sound_stream import SoundStream
from speech.tests.loopback.answers import tone

GENERATOR = 0x20
CHUNKS = 50


@pytest.fixture(autouse=True)
def many_chunks(db: None, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def pcm() -> Iterator[bytes | Usage]:
        yield from [b"\1\2" * 1_200] * CHUNKS
        yield Usage(characters=5)

    def speak(provider: Any, request: SpeechRequest) -> Speech:
        return Speech(pcm(), 24_000)

    monkeypatch.setattr(type(providers.get("espeak")), "speak", speak)
    # The next threads are new ones, which the profiler sees.
    pipeline._threads.cache_clear()


@pytest.mark.parametrize("codec", ["pcm", "wav", "mp3"])
@pytest.mark.parametrize("path", ["/v1/audio/speech", "/api/converse/"])
def test_a_byte_of_sound_passes_at_most_six_generators(api: APIClient, path: str, codec: str) -> None:
    passed: Counter[str] = Counter()

    def count(frame: FrameType, event: str, value: Any) -> None:
        if event == "return" and frame.f_code.co_flags & GENERATOR and isinstance(value, bytes):
            passed[f"{frame.f_code.co_filename}:{frame.f_code.co_name}"] += 1

    body = {"input": "Hello.", "response_format": codec, "voice": "hi"}
    if path == "/api/converse/":
        body = {"query": "Hello.", "codec": codec}
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        response = api.post(path, body, format="json")
        assert sum(map(len, response)) > 1_000
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    # That of this test is the provider's own, and psycopg's carry no sound.
    own = {name: times for name, times in passed.items() if times >= CHUNKS and "psycopg" not in name}
    assert 2 <= len(own) <= 6, own


def test_time_grows_linearly_with_the_sound(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def cpu_seconds(seconds: int) -> float:
        chunks: list[bytes | Usage] = [b"\1\2" * 1_102] * (20 * seconds)
        monkeypatch.setattr(type(providers.get("espeak")), "speak", lambda *_: Speech(iter(chunks), 22_050))
        body = {"input": f"{seconds} seconds.", "response_format": "pcm", "voice": "hi"}
        begun = time.process_time()
        response = api.post("/v1/audio/speech", body, format="json", headers={"Cache-Control": "no-cache"})
        assert sum(map(len, response)) > 47_000 * seconds
        return time.process_time() - begun

    cpu_seconds(1)
    assert min(cpu_seconds(240) for _ in range(2)) < 16 * min(cpu_seconds(30) for _ in range(3))


@pytest.mark.parametrize("status", ["miss", "hit", "bypass"])
def test_a_voice_turn_is_counted_and_logged_as_any_other_speech(
    api: APIClient, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    counter = {"miss": metrics.MISSES, "hit": metrics.HITS, "bypass": metrics.BYPASSES}[status]
    counted = counter.labels("tts", "balanced")._value
    headers: dict[str, str] = {"Cache-Control": "no-store"} if status == "bypass" else {}
    if status == "hit":
        list(api.post("/api/converse/", {"query": "Hello."}, format="json"))
    before = counted.get()
    with caplog.at_level("INFO"):
        list(api.post("/api/converse/", {"query": "Hello."}, format="json", headers=headers))
    assert counted.get() == before + 1
    assert f"TTS cache {status} for voice: en-gb" in caplog.text


def test_a_file_in_the_place_of_samples_is_an_error_and_is_not_stored(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, redis_client: redis.Redis
) -> None:
    encoder = Encoder("mp3", 24_000)
    file = encoder.encode(tone("Some servers send mp3 whatever they are asked for.")) + encoder.finish()
    monkeypatch.setattr(type(providers.get("espeak")), "speak", lambda *_: Speech(iter([file]), 24_000))
    response = api.post("/v1/audio/speech", {"input": "Hello.", "voice": "hi"}, format="json")
    assert (response.status_code, response.json()["error"]["code"]) == (502, "provider_bad_answer")
    assert redis_client.keys("tts:*") == []


def test_a_voice_turn_ends_and_is_booked_where_its_receipt_cannot_be_stored(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(Receipt.objects, "prune", locked)
    response = api.post("/api/converse/", {"query": "Hello."}, format="json")
    assert len(response.getvalue()) > 1_000
    assert "receipt of a voice turn could not be stored: database is locked" in caplog.text
    assert writer.flush()
    assert HourlyUsage.objects.get(cache_type="tts").outcome == "miss"
    assert api.get(f"/api/receipts/{response.headers['X-Receipt-ID']}").status_code == 404


def test_a_sound_is_booked_whatever_fails_at_its_end(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Receipt.objects, "prune", fails)
    response = api.post("/api/converse/", {"query": "Hello."}, format="json")
    with pytest.raises(RuntimeError):
        response.getvalue()
    assert writer.flush()
    assert HourlyUsage.objects.get(cache_type="tts").outcome == "miss"


def test_the_collector_leaves_what_nobody_closed_to_the_background(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[SoundStream] = []
    close = SoundStream.close

    def closing(sound: SoundStream) -> None:
        closed.append(sound)
        close(sound)

    monkeypatch.setattr(SoundStream, "close", closing)
    response = api.post("/v1/audio/speech", {"input": "Hello.", "response_format": "pcm", "voice": "hi"}, format="json")
    del response
    gc.collect()
    assert closed == []
    background.run_submitted()
    assert len(closed) == 1
    writer.flush()
    assert HourlyUsage.objects.get().requests == 1
