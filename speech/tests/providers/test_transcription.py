"""What each provider is sent to write down, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from caching.pricing.usage import Usage
from speech import providers
from speech.audio import to_wav
from speech.exceptions import InvalidRequest, ProviderBadAnswer, ProviderQuotaExceeded, UnsupportedFeature
from speech.providers.base import BaseProvider, TranscriptionRequest
from speech.tests.loopback import Loopback
from speech.tests.providers.conftest import FAKES, serve

SPELLED = {"openai": "hi", "sarvam": "hi-IN", "elevenlabs": "hi"}
WAV = to_wav(bytes(2 * 16_000 * 3 // 2), 16_000)
RECORDING = TranscriptionRequest(WAV, "wav")


@pytest.fixture(params=FAKES)
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[tuple[BaseProvider, Loopback]]:
    for loopback in serve(request.param, settings):
        yield providers.get(request.param), loopback


def test_six_providers_write_down() -> None:
    assert providers.that_do("transcription") == ("azure", "azure_speech", "deepgram", "elevenlabs", "openai", "sarvam")


def test_it_sends_the_file_as_it_came(fake: tuple[BaseProvider, Loopback]) -> None:
    provider, loopback = fake
    transcript = provider.transcribe(provider.prepare_transcription(RECORDING))
    assert transcript.text == f"I am {len(WAV)} bytes long."
    [seen] = loopback.requests
    assert (seen.body["file"], seen.body["filename"]) == (WAV, "audio.wav")
    assert seen.body.get("model") or seen.body.get("model_id")


def test_preparing_leaves_nothing_open_and_twice_changes_nothing(fake: tuple[BaseProvider, Loopback]) -> None:
    once = fake[0].prepare_transcription(RECORDING)
    assert once.model
    assert fake[0].prepare_transcription(once) == once


def test_a_language_is_passed_on_as_the_provider_spells_it(fake: tuple[BaseProvider, Loopback]) -> None:
    provider, loopback = fake
    provider.transcribe(provider.prepare_transcription(TranscriptionRequest(WAV, "wav", language="hi")))
    body = loopback.requests[0].body
    assert (body.get("language") or body["language_code"]) == SPELLED[provider.name]


def test_its_failures_are_ours(fake: tuple[BaseProvider, Loopback]) -> None:
    provider, loopback = fake
    loopback.behave("quota")
    with pytest.raises(ProviderQuotaExceeded):
        provider.transcribe(provider.prepare_transcription(RECORDING))
    loopback.behave("empty")
    with pytest.raises(ProviderBadAnswer):
        provider.transcribe(provider.prepare_transcription(RECORDING))


@pytest.mark.parametrize("name", ["sarvam", "elevenlabs"])
@pytest.mark.parametrize("option", [{"prompt": "Names: Priya"}, {"temperature": 0.5}, {"timestamps": ("segment",)}])
def test_what_it_cannot_do_is_refused_by_name(name: str, option: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        providers.get(name).prepare_transcription(TranscriptionRequest(WAV, "wav", **option))
    assert caught.value.param in (*option, "response_format")


@pytest.mark.parametrize("language", ["fr", "es", "ur", "as", "xx"])
def test_whether_it_knows_a_language_is_the_provider_s_business(
    fake: tuple[BaseProvider, Loopback], language: str
) -> None:
    provider, loopback = fake
    provider.transcribe(provider.prepare_transcription(TranscriptionRequest(WAV, "wav", language=language)))
    body = loopback.requests[0].body
    spelled = f"{language}-IN" if provider.name == "sarvam" else language
    assert (body.get("language") or body["language_code"]) == spelled


@pytest.mark.parametrize("language", ["", "auto", "AUTO", "unknown", "und", "null"])
def test_a_language_may_be_left_to_the_provider_to_detect(fake: tuple[BaseProvider, Loopback], language: str) -> None:
    provider, loopback = fake
    prepared = provider.prepare_transcription(TranscriptionRequest(WAV, "wav", language=language))
    provider.transcribe(prepared)
    body = loopback.requests[0].body
    assert prepared == provider.prepare_transcription(RECORDING)
    assert body.get("language") is None
    assert body.get("language_code") == ("unknown" if provider.name == "sarvam" else None)


def test_openai_translates_at_an_address_of_its_own(settings: Any) -> None:
    for loopback in serve("openai", settings):
        provider = providers.get("openai")
        for language in ("", "english"):
            request = TranscriptionRequest(WAV, "wav", mode="translate", language=language, model="whisper-1")
            provider.transcribe(provider.prepare_transcription(request))
        assert [seen.path for seen in loopback.requests] == ["/v1/audio/translations"] * 2
        assert [seen.body.get("language") for seen in loopback.requests] == [None, "english"]


@pytest.mark.parametrize("mode", ["translate", "verbatim", "translit", "codemix"])
def test_sarvam_is_told_the_mode(mode: str, settings: Any) -> None:
    for loopback in serve("sarvam", settings):
        provider = providers.get("sarvam")
        provider.transcribe(provider.prepare_transcription(TranscriptionRequest(WAV, "wav", mode=mode)))
        assert loopback.requests[0].body["mode"] == mode


@pytest.mark.parametrize(("name", "mode"), [("openai", "verbatim"), ("elevenlabs", "translate")])
def test_a_mode_that_it_lacks_is_refused(name: str, mode: str) -> None:
    with pytest.raises(UnsupportedFeature):
        providers.get(name).prepare_transcription(TranscriptionRequest(WAV, "wav", mode=mode))
    with pytest.raises(InvalidRequest):
        providers.get("sarvam").prepare_transcription(TranscriptionRequest(WAV, "wav", mode="sing"))


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe-2025-12-15"])
@pytest.mark.parametrize("name", ["sarvam", "elevenlabs"])
def test_a_model_of_openai_means_the_default(name: str, model: str) -> None:
    provider = providers.get(name)
    assert provider.prepare_transcription(TranscriptionRequest(WAV, "wav", model=model)).model == provider.setting(
        "TRANSCRIPTION_MODEL"
    )


@pytest.mark.parametrize("fake", ["sarvam", "elevenlabs"], indirect=True)
def test_seconds_are_counted_where_the_file_says_them(fake: tuple[BaseProvider, Loopback]) -> None:
    provider, _ = fake
    assert provider.transcribe(provider.prepare_transcription(RECORDING)).billed == Usage(audio_seconds=2)
    mp3 = provider.prepare_transcription(TranscriptionRequest(b"ID3" + bytes(100), "mp3"))
    assert provider.transcribe(mp3).billed is None
