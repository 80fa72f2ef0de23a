from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from caching.pricing.usage import Usage
from speech import providers
from speech.audio import to_wav
from speech.exceptions import (
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
    UnsupportedFeature,
)
from speech.providers._shared import validation
from speech.providers.base import SpeechRequest, TranscriptionRequest
from speech.tests.loopback.answers import Seen, tone
from speech.tests.loopback.deepgram import FakeDeepgram
from speech.tests.support.pcm import read

DEEPGRAM = providers.get("deepgram")
WAV = to_wav(tone("What is a cache?"), 24_000)


@pytest.fixture
def server(settings: Any) -> Iterator[FakeDeepgram]:
    with FakeDeepgram() as server:
        settings.PROVIDERS = {"deepgram": {"API_KEY": "loopback-secret", "BASE_URL": server.url}}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
        yield server


def query(seen: Seen) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(seen.path).query))


def said(text: str = "Hello there.", **fields: Any) -> tuple[bytes, Usage | None]:
    chunks, billed = read(DEEPGRAM.speak(DEEPGRAM.prepare_speech(SpeechRequest(text=text, **fields))))
    return b"".join(chunks), billed


def heard(**fields: Any) -> Any:
    return DEEPGRAM.transcribe(DEEPGRAM.prepare_transcription(TranscriptionRequest(WAV, "wav", **fields)))


def test_it_speaks_as_the_api_reference_says(server: FakeDeepgram) -> None:
    assert said(voice="nova", model="tts-1", speed=1.25) == (tone("Hello there."), Usage(characters=12))
    [seen] = server.requests
    assert urlsplit(seen.path).path == "/v1/speak"
    assert seen.body == {"text": "Hello there."}
    assert query(seen) == {
        "model": "aura-2-andromeda-en",
        "encoding": "linear16",
        "container": "none",
        "sample_rate": "24000",
        "speed": "1.25",
    }


@pytest.mark.parametrize(
    ("voice", "language", "model"),
    [
        ("", "", "aura-2-thalia-en"),
        ("zeus", "en-IN", "aura-2-zeus-en"),
        ("celeste", "es-MX", "aura-2-celeste-es"),
        ("aura-asteria-en", "", "aura-asteria-en"),
    ],
)
def test_a_voice_may_be_named_alone_or_in_full(server: FakeDeepgram, voice: str, language: str, model: str) -> None:
    said(voice=voice, language=language)
    assert query(server.requests[0])["model"] == model


def test_a_long_text_goes_out_in_several_requests(server: FakeDeepgram) -> None:
    text = " ".join(f"This is sentence number {number}." for number in range(150))
    said(text)
    assert " ".join(seen.body["text"] for seen in server.requests) == text


def test_it_transcribes_a_file_as_it_came(server: FakeDeepgram, monkeypatch: Any) -> None:
    result = heard(timestamps=("segment", "word"))
    assert (result.text, result.language, result.seconds) == (f"I am {len(WAV)} bytes long.", "en", 1.5)
    assert result.billed == Usage(audio_seconds=2)
    assert result.words == [{"word": "I", "start": 0.08, "end": 0.32}]
    assert result.segments == [{"id": 0, "start": 0.08, "end": 1.5, "text": result.text}]
    [seen] = server.requests
    assert (seen.body, seen.headers["content-type"]) == (WAV, "audio/wav")
    assert query(seen) == {
        "model": "nova-3",
        "smart_format": "true",
        "detect_language": "true",
        "utterances": "true",
    }


@pytest.mark.parametrize(("language", "sent"), [("fr-CA", "fr-CA"), ("hi-IN", "hi"), ("auto", None)])
def test_a_language_is_passed_on_or_detected(server: FakeDeepgram, language: str, sent: str | None) -> None:
    heard(language=language, model="whisper-1")
    assert query(server.requests[0]).get("language") == sent
    assert ("detect_language" in query(server.requests[0])) is (sent is None)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", ProviderRejected),
        ("401", ProviderAuthFailed),
        ("429", ProviderRateLimited),
        ("quota", ProviderQuotaExceeded),
        ("empty", ProviderBadAnswer),
    ],
)
def test_its_failures_are_ours(server: FakeDeepgram, fault: str, error: type[Exception]) -> None:
    server.behave(fault)
    with pytest.raises(error):
        heard()


def test_the_reason_of_a_refusal_is_told(server: FakeDeepgram) -> None:
    server.behave("400")
    with pytest.raises(ProviderRejected, match="No such model"):
        said()


@pytest.mark.parametrize("option", [{"prompt": "Names"}, {"temperature": 0.5}, {"mode": "translate"}])
def test_what_it_cannot_do_is_refused_by_name(option: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeature):
        DEEPGRAM.prepare_transcription(TranscriptionRequest(WAV, "wav", **option))


@pytest.mark.parametrize(
    ("stated", "known"),
    [(1.5, 1.5), (3, 3.0), (0, None), (-1, None), (1e300, None), ("1.5", None), (True, None), (None, None)],
)
def test_a_duration_that_cannot_be_one_is_unknown(stated: object, known: float | None) -> None:
    assert validation.seconds(stated) == known
    assert validation.seconds(float("nan")) is None
