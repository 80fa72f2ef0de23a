"""Who answers when the provider that was asked for does not: loopback OpenAI first, loopback Sarvam after it."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile

from caching.ledger.writer import writer
from caching.models import HourlyUsage
from caching.tests.support.asking import change_entry
from speech.audio import to_wav
from speech.providers.base import SpeechRequest
from speech.routing.fallback import for_speech
from speech.tests.loopback import FakeOpenAI, FakeSarvam
from speech.tests.loopback.answers import tone

QUERY = {"query": "What is a cache?"}
TEXT = {"text": "Hello from afar.", "language": "en", "optimization_level": "quality"}
ANSWER = "You said: What is a cache?. That is all."
BREAKS = ("500", "429", "half", "wrong-json", "empty", "hang", "quota", "401")


@pytest.fixture
def second(fake_openai: FakeOpenAI, settings: Any) -> Iterator[FakeSarvam]:
    with FakeSarvam() as server:
        sarvam = {"API_KEY": "loopback-secret", "BASE_URL": server.url}
        settings.PROVIDERS = {**settings.PROVIDERS, "sarvam": sarvam}
        settings.LLM_FALLBACK = settings.TTS_FALLBACK = ["sarvam"]
        settings.PROVIDER_READ_TIMEOUT = 1
        settings.SEMANTIC_MODE = "off"
        yield server


def chat(api: Any, **headers: str) -> Any:
    return api.post("/api/chat/", QUERY, format="json", headers=headers)


def speak(api: Any, **fields: Any) -> Any:
    return api.post("/api/tts/", {**TEXT, **fields}, format="json")


def samples(response: Any) -> bytes:
    with wave.open(io.BytesIO(response.content)) as audio:
        return audio.readframes(audio.getnframes())


@pytest.mark.parametrize("behaviour", BREAKS)
def test_another_provider_answers_under_its_own_name_and_key(
    api: Any, fake_openai: FakeOpenAI, second: FakeSarvam, redis_client: redis.Redis, behaviour: str
) -> None:
    fake_openai.behave(behaviour)
    response = chat(api)
    assert (response.status_code, response.json()["text"], response.json()["provider"]) == (200, ANSWER, "sarvam")
    assert response.headers["X-Provider"] == "sarvam"
    fake_openai.behave("ok")
    # Stored under the key of who made it: whoever asks the first one again, and it is well, gets its own answer.
    again = chat(api)
    assert (again.headers["X-Cache"], again.json()["provider"]) == ("MISS", "openai")
    assert len(redis_client.keys("llm:exact:*")) == 2


def test_the_second_ones_answer_is_a_hit_the_next_time(api: Any, fake_openai: FakeOpenAI, second: FakeSarvam) -> None:
    fake_openai.behave("500")
    assert [chat(api).headers["X-Cache"] for _ in range(3)] == ["MISS", "HIT", "HIT"]
    assert len(second.requests) == 1


@pytest.mark.parametrize("behaviour", BREAKS)
def test_another_provider_speaks(api: Any, fake_openai: FakeOpenAI, second: FakeSarvam, behaviour: str) -> None:
    fake_openai.behave(behaviour)
    response = speak(api)
    assert (response.status_code, response.headers["X-Provider"]) == (200, "sarvam")
    assert samples(response) == tone(TEXT["text"])


def test_a_request_that_is_at_fault_itself_is_asked_of_nobody_else(
    api: Any, fake_openai: FakeOpenAI, second: FakeSarvam
) -> None:
    fake_openai.behave("400")
    assert chat(api).status_code == 400
    assert not second.requests


def test_when_all_fail_the_first_ones_error_is_told(api: Any, fake_openai: FakeOpenAI, second: FakeSarvam) -> None:
    fake_openai.behave("500")
    second.behave("quota")
    response = chat(api)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "provider_unavailable")
    assert "openai" in response.json()["error"]["message"]


def test_a_provider_that_is_left_alone_is_not_asked(
    api: Any, fake_openai: FakeOpenAI, second: FakeSarvam, settings: Any
) -> None:
    settings.PROVIDER_BREAKER_FAILURES = 1
    fake_openai.behave("503")
    chat(api)
    asked = len(fake_openai.requests)
    assert chat(api, **{"Cache-Control": "no-cache"}).json()["provider"] == "sarvam"
    assert len(fake_openai.requests) == asked
    ready = api.get("/readyz").json()["providers"]["llm"]
    assert (ready["status"], ready["circuit"], ready["seconds"] > 0) == ("circuit open", "open", True)


def test_the_ledger_counts_one_request_for_who_made_it(api: Any, fake_openai: FakeOpenAI, second: FakeSarvam) -> None:
    fake_openai.behave("500")
    chat(api)
    speak(api)
    assert writer.flush()
    rows = HourlyUsage.objects.order_by("cache_type").values_list("cache_type", "outcome", "provider", "requests")
    assert list(rows) == [("llm", "miss", "sarvam", 1), ("tts", "miss", "sarvam", 1)]


def test_a_stream_falls_back_before_its_first_chunk_and_not_after(
    api: Any, fake_openai: FakeOpenAI, second: FakeSarvam
) -> None:
    body = {"model": "openai/m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    fake_openai.behave("500")
    whole = b"".join(api.post("/v1/chat/completions", body, format="json").streaming_content)
    assert whole.endswith(b"data: [DONE]\n\n") and b"You " in whole
    fake_openai.behave("no-end")
    body["messages"] = [{"role": "user", "content": "Another"}]
    broken = b"".join(api.post("/v1/chat/completions", body, format="json").streaming_content)
    assert b"Par" in broken and b"provider_unavailable" in broken and not broken.endswith(b"[DONE]\n\n")
    assert len(second.requests) == 1


@pytest.mark.django_db(transaction=True)  # It is counted in a thread, which would wait for what is not committed.
def test_a_spoken_turn_is_spoken_by_another_voice_from_its_first_sentence(
    api: Any, fake_openai: FakeOpenAI, second: FakeSarvam, settings: Any
) -> None:
    settings.LLM_PROVIDER = "sarvam"
    fake_openai.behave("500")
    turn = api.post("/api/converse/", {**QUERY, "language": "en", "codec": "pcm"}, format="json")
    sound = b"".join(turn.streaming_content)
    receipt = api.get(f"/api/receipts/{turn.headers['X-Receipt-ID']}").json()
    assert receipt["text"] == ANSWER and receipt["error"] is None
    assert (receipt["speech"]["provider"], receipt["chat"]["provider"]) == ("sarvam", "sarvam")
    assert sound.startswith(tone(receipt["sentences"][0]["text"]))
    assert sound.endswith(tone(receipt["sentences"][-1]["text"]))


@pytest.mark.parametrize(
    ("asked", "heard"),
    [("", "shubh"), ("nova", "ritu"), ("JBFqnCBsd6RMkjVDRZzb", "ritu"), ("a" * 20, "shubh")],
)
def test_the_other_voice_is_the_one_of_the_same_openai_name(
    second: FakeSarvam, settings: Any, asked: str, heard: str
) -> None:
    settings.PROVIDERS["sarvam"] |= {"VOICE_ALIASES": "nova=ritu,fable=ritu", "VOICE": "shubh"}
    first, other = for_speech(SpeechRequest("Hello.", voice=asked, language="en"), "elevenlabs")
    assert first.provider.name == "elevenlabs"
    assert other.request.voice == heard


def test_what_only_the_first_voice_can_do_does_not_keep_the_other_from_speaking(second: FakeSarvam) -> None:
    wish = SpeechRequest("Hello.", language="en", instructions="Whisper.", speed=3, unknown={"lang_code": "a"})
    first, other = for_speech(wish, "openai")
    assert (first.request.instructions, other.request.instructions, other.request.speed) == ("Whisper.", "", 1)
    assert (first.request.unknown, other.request.unknown) == ({"lang_code": "a"}, {})


class TestStale:
    @pytest.fixture(autouse=True)
    def kept(self, second: FakeSarvam, settings: Any) -> None:
        settings.STALE_IF_ERROR_SECONDS = 600
        settings.LLM_FALLBACK = settings.TTS_FALLBACK = []

    def test_an_expired_answer_is_served_where_the_provider_fails(
        self, api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis
    ) -> None:
        key = chat(api).json()["cache"]["key"]
        assert 1800 < redis_client.ttl(key) <= 2400
        change_entry(redis_client, key, lambda entry: {**entry, "created": entry["created"] - 1900})
        fake_openai.behave("500")
        stale = chat(api)
        assert (stale.status_code, stale.json()["text"]) == (200, ANSWER)
        assert 1900 <= int(stale.headers["Age"]) < 2000
        assert stale.headers["Cache-Status"].startswith("speechsite; fwd=stale; ttl=-1")
        for refusal in ("no-cache", "no-store", "max-age=3000"):
            assert chat(api, **{"Cache-Control": refusal}).status_code == 503
        assert chat(api, **{"Cache-Control": "only-if-cached"}).status_code == 504

    def test_an_expired_answer_is_a_miss_where_the_provider_is_well(
        self, api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis
    ) -> None:
        key = chat(api).json()["cache"]["key"]
        for seconds in (-1900, 60):  # a clock that is ahead is no better than one that is behind
            change_entry(redis_client, key, lambda entry, by=seconds: {**entry, "created": entry["created"] + by})  # type: ignore[misc]
            assert chat(api).headers["X-Cache"] == "MISS"
        assert chat(api).headers["X-Cache"] == "HIT"

    def test_an_expired_answer_streams(self, api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis) -> None:
        key = chat(api).json()["cache"]["key"]
        change_entry(redis_client, key, lambda entry: {**entry, "created": entry["created"] - 1900})
        fake_openai.behave("500")
        body = {"model": "balanced", "stream": True, "messages": [{"role": "user", "content": QUERY["query"]}]}
        response = api.post("/v1/chat/completions", body, format="json")
        assert b"[DONE]" in b"".join(response.streaming_content)
        assert "fwd=stale" in response.headers["Cache-Status"]

    @pytest.mark.parametrize("codec", ["wav", "mp3"])
    def test_expired_sound_is_served_where_the_provider_fails(
        self, api: Any, fake_openai: FakeOpenAI, settings: Any, codec: str
    ) -> None:
        settings.TTS_CACHE_TTL = dict.fromkeys(settings.TTS_CACHE_TTL, 1)
        fresh = speak(api, codec=codec)
        time.sleep(1.1)
        fake_openai.behave("500")
        stale = speak(api, codec=codec)
        assert (stale.status_code, stale.content) == (200, fresh.content)
        assert "fwd=stale" in stale.headers["Cache-Status"] and "Age" in stale.headers

    def test_an_expired_transcript_is_served_where_the_provider_fails(
        self, api: Any, fake_openai: FakeOpenAI, redis_client: Any
    ) -> None:
        def hear() -> Any:
            upload = SimpleUploadedFile("said.wav", to_wav(bytes(range(64)), 16_000))
            return api.post("/v1/audio/transcriptions", {"model": "whisper-1", "file": upload}, format="multipart")

        fresh = hear()
        [key] = redis_client.keys("stt:*")
        change_entry(redis_client, key.decode(), lambda entry: {**entry, "created": entry["created"] - 1000})
        fake_openai.behave("500")
        stale = hear()
        assert (stale.status_code, stale.content) == (200, fresh.content)
        assert stale.headers["Cache-Status"].startswith("speechsite; fwd=stale; ttl=-1")
