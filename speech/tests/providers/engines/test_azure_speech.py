from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from caching.pricing.usage import Usage
from speech import providers
from speech.audio import to_wav
from speech.exceptions import (
    InvalidRequest,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderNotConfigured,
    ProviderRateLimited,
    ProviderRejected,
    UnsupportedFeature,
)
from speech.providers.base import SpeechRequest, TranscriptionRequest
from speech.tests.loopback.answers import tone
from speech.tests.loopback.azure_speech import FakeAzureSpeech
from speech.tests.support.pcm import read

AZURE = providers.get("azure_speech")
WAV = to_wav(tone("What is a cache?"), 24_000)


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[FakeAzureSpeech]:
    with FakeAzureSpeech() as server:
        own = {"API_KEY": "loopback-secret", "BASE_URL": server.url, "TRANSCRIPTION_BASE_URL": server.url}
        settings.PROVIDERS = {"azure_speech": own}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
        yield server


def said(text: str = "Hello there.", **fields: Any) -> tuple[bytes, Usage | None]:
    chunks, billed = read(AZURE.speak(AZURE.prepare_speech(SpeechRequest(text=text, **fields))))
    return b"".join(chunks), billed


def heard(**fields: Any) -> Any:
    return AZURE.transcribe(AZURE.prepare_transcription(TranscriptionRequest(WAV, "wav", **fields)))


def test_it_speaks_as_the_api_reference_says(server: FakeAzureSpeech) -> None:
    assert said("Tom & Jerry", model="tts-1", voice="nova") == (tone("Tom & Jerry"), Usage(characters=11))
    [seen] = server.requests
    assert seen.path == "/cognitiveservices/v1"
    assert b'<voice name="en-US-EmmaMultilingualNeural">Tom &amp; Jerry</voice>' in seen.body


def test_speed_pitch_and_language_are_said_in_ssml(server: FakeAzureSpeech) -> None:
    said("नमस्ते", voice="hi-IN-SwaraNeural", language="hi", speed=1.25, pitch=-0.1)
    inner = '<lang xml:lang="hi-IN"><prosody rate="1.25" pitch="-10%">नमस्ते</prosody></lang>'
    assert f'<voice name="hi-IN-SwaraNeural">{inner}</voice>'.encode() in server.requests[0].body


@pytest.mark.parametrize("text", ["<speak>Hello <break time='1s'/> there.</speak>", "Hello <break time='1s'/> there."])
def test_ssml_is_passed_on_in_its_own_document(server: FakeAzureSpeech, text: str) -> None:
    said(text)
    assert b"Neural\">Hello <break time='1s'/> there.</voice>" in server.requests[0].body


def test_what_is_no_markup_is_escaped_within_markup_too(server: FakeAzureSpeech) -> None:
    said("<speak>Tom & Jerry, 3 < 5 &amp; AT&T <break time='1s'/></speak>")
    assert b"Tom &amp; Jerry, 3 &lt; 5 &amp; AT&amp;T <break time='1s'/>" in server.requests[0].body


def test_an_address_is_never_fetched_and_the_voice_is_that_of_the_request(server: FakeAzureSpeech) -> None:
    said('Hello <audio src="http://example.org/a.wav"/> <voice name="x">there</voice> <break time="1s"/>')
    assert b"example.org" not in server.requests[0].body
    assert server.requests[0].body.count(b"<voice") == 1


def test_an_ideograph_is_billed_as_two_characters() -> None:
    assert said("你好。")[1] == Usage(characters=5)


def test_it_transcribes_a_file_as_it_came(server: FakeAzureSpeech) -> None:
    result = heard(timestamps=("segment", "word"), language="hi", model="whisper-1")
    text = f"I am {len(WAV)} bytes long."
    assert (result.text, result.language, result.seconds, result.billed) == (text, "en-US", 1.5, Usage(audio_seconds=2))
    assert result.words == [{"word": "I", "start": 0.08, "end": 1.32}]
    assert result.segments == [{"id": 0, "text": text, "start": 0.08, "end": 1.32}]
    assert json.loads(server.requests[0].body["definition"]) == {"locales": ["hi-IN"]}
    heard(language="auto")
    assert json.loads(server.requests[1].body["definition"]) == {"locales": []}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", ProviderRejected),
        ("401", ProviderAuthFailed),
        ("429", ProviderRateLimited),
        ("empty", ProviderBadAnswer),
    ],
)
def test_its_failures_are_ours(server: FakeAzureSpeech, fault: str, error: type[Exception]) -> None:
    server.behave(fault)
    with pytest.raises(error):
        heard()


def test_the_region_names_the_addresses(settings: Any) -> None:
    settings.PROVIDERS = {"azure_speech": {"API_KEY": "loopback-secret", "REGION": "centralindia"}}
    address = AZURE._address("BASE_URL", "{}.tts.speech.microsoft.com")  # type: ignore[attr-defined]
    assert address == "https://centralindia.tts.speech.microsoft.com"
    settings.PROVIDERS = {"azure_speech": {"API_KEY": "loopback-secret"}}
    with pytest.raises(ProviderNotConfigured, match="AZURE_SPEECH_REGION"):
        said()


def test_what_it_cannot_do_is_refused_by_name() -> None:
    for option in ({"instructions": "Whisper."},):
        with pytest.raises(UnsupportedFeature):
            said(**option)
    with pytest.raises(InvalidRequest, match=r"Ava.*alloy"):
        said(voice="nobody")
    with pytest.raises(UnsupportedFeature):
        AZURE.prepare_transcription(TranscriptionRequest(WAV, "wav", prompt="Names"))
