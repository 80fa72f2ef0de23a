"""The documentation's own examples, with each provider as the only one that is configured."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from speech import providers
from speech.audio import to_wav
from speech.tests.loopback import Loopback
from speech.tests.loopback.answers import tone
from speech.tests.loopback.azure_speech import FakeAzureSpeech
from speech.tests.loopback.cartesia import FakeCartesia
from speech.tests.loopback.deepgram import FakeDeepgram
from speech.tests.loopback.google import FakeGoogle
from speech.tests.providers.conftest import FAKES, serve

WAV = to_wav(tone("What is a cache?"), 24_000)


@pytest.fixture(params=FAKES)
def only(request: pytest.FixtureRequest, settings: Any) -> Iterator[tuple[str, Loopback]]:
    name = request.param
    settings.TTS_PROVIDER = settings.STT_PROVIDER = name
    for server in serve(name, settings):
        yield name, server


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "", None])
def test_the_speech_of_docs_openai_md(api: Any, only: tuple[str, Loopback], model: str | None) -> None:
    body = {"model": model, "voice": "nova", "input": "Hello.", "response_format": "pcm"}
    response = api.post("/v1/audio/speech", body, format="json")
    assert (response.status_code, response.headers["X-Provider"]) == (200, only[0])
    assert b"".join(response) == tone("Hello.")


ENGINES: dict[str, type[Loopback]] = {
    "azure_speech": FakeAzureSpeech,
    "cartesia": FakeCartesia,
    "deepgram": FakeDeepgram,
    "google": FakeGoogle,
}


@pytest.mark.parametrize("name", ENGINES)
def test_the_examples_with_each_engine(api: Any, settings: Any, name: str) -> None:
    settings.TTS_PROVIDER = settings.STT_PROVIDER = name
    with ENGINES[name]() as server:
        addresses = {"BASE_URL": server.url, "TRANSCRIPTION_BASE_URL": server.url}
        settings.PROVIDERS = {name: {"API_KEY": "loopback-secret", **addresses}}
        for model in ("tts-1", "tts-1-hd", "gpt-4o-mini-tts-2025-12-15", None):
            body = {"model": model, "voice": "nova", "input": f"Hello {model}.", "response_format": "pcm"}
            response = api.post("/v1/audio/speech", body, format="json")
            assert (response.status_code, response.headers["X-Provider"]) == (200, name)
            assert b"".join(response) == tone(f"Hello {model}.")
        for language in ("auto", "", None, "fr-CA"):
            response = api.post("/api/tts/", {"text": "Hello.", "language": language}, format="json")
            assert response.status_code == 200, response.content
        if "transcription" in providers.get(name).does:
            form = {"model": "whisper-1", "language": "auto", "file": SimpleUploadedFile("question.wav", WAV)}
            response = api.post("/v1/audio/transcriptions", form, format="multipart")
            assert (response.status_code, response.headers["X-Provider"]) == (200, name)


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe-2025-12-15"])
@pytest.mark.parametrize("language", ["", "auto", "fr"])
def test_its_transcript(api: Any, only: tuple[str, Loopback], model: str, language: str) -> None:
    form = {"model": model, "language": language, "file": SimpleUploadedFile("question.wav", WAV)}
    response = api.post("/v1/audio/transcriptions", form, format="multipart")
    assert (response.status_code, response.headers["X-Provider"]) == (200, only[0])
    assert response.json()["text"] == f"I am {len(WAV)} bytes long."


@pytest.mark.parametrize("only", ["sarvam"], indirect=True)
def test_the_retired_voice_of_the_users_guide(
    api: Any, only: tuple[str, Loopback], caplog: pytest.LogCaptureFixture
) -> None:
    body = {"text": "नमस्ते", "provider": "sarvam", "voice": "meera", "codec": "wav"}
    with caplog.at_level(logging.WARNING):
        response = api.post("/api/tts/", body, format="json")
    assert (response.status_code, response.headers["X-Voice-Successor"]) == (200, "ritu")
    assert only[1].requests[0].body["speaker"] == "ritu"
    assert "meera" in caplog.text
    response = api.post("/v1/audio/speech", {"input": "नमस्ते", "voice": "nova"}, format="json")
    assert "X-Voice-Successor" not in response.headers


@pytest.mark.parametrize(
    "field", ["response_format", "voice", "model", "stream_format", "language", "optimization_level"]
)
def test_null_is_as_if_it_was_not_sent(api: Any, only: tuple[str, Loopback], field: str) -> None:
    response = api.post("/v1/audio/speech", {"input": "Hello.", field: None}, format="json")
    assert response.status_code == 200


@pytest.mark.parametrize("language", ["auto", "", None, "es", "fr-CA"])
def test_any_language_may_be_asked_for(api: Any, only: tuple[str, Loopback], language: str | None) -> None:
    for path, name in (("/v1/audio/speech", "input"), ("/api/tts/", "text")):
        if only[0] == "sarvam" and language in ("es", "fr-CA"):
            continue  # the loopback server refuses it, as Sarvam does
        response = api.post(path, {name: "Hello.", "language": language}, format="json")
        assert response.status_code == 200, response.content
