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


def test_three_providers_write_down() -> None:
    assert providers.that_do("transcription") == ("elevenlabs", "openai", "sarvam")


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


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        providers.get("sarvam").prepare_transcription(TranscriptionRequest(WAV, "wav", language="xx"))


@pytest.mark.parametrize("fake", ["sarvam", "elevenlabs"], indirect=True)
def test_seconds_are_counted_where_the_file_says_them(fake: tuple[BaseProvider, Loopback]) -> None:
    provider, _ = fake
    assert provider.transcribe(provider.prepare_transcription(RECORDING)).billed == Usage(audio_seconds=2)
    mp3 = provider.prepare_transcription(TranscriptionRequest(b"ID3" + bytes(100), "mp3"))
    assert provider.transcribe(mp3).billed is None
