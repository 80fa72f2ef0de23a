from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from caching.pricing.usage import Usage
from speech import providers
from speech.exceptions import (
    InvalidRequest,
    ProviderAuthFailed,
    ProviderBadAnswer,
    ProviderRateLimited,
    ProviderRejected,
)
from speech.providers.base import SpeechRequest
from speech.tests.loopback.answers import tone
from speech.tests.loopback.google import FakeGoogle
from speech.tests.support.pcm import read

GOOGLE = providers.get("google")


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[FakeGoogle]:
    with FakeGoogle() as server:
        settings.PROVIDERS = {"google": {"API_KEY": "loopback-secret", "BASE_URL": server.url}}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
        yield server


def said(text: str = "Hello there.", **fields: Any) -> tuple[bytes, Usage | None]:
    chunks, billed = read(GOOGLE.speak(GOOGLE.prepare_speech(SpeechRequest(text=text, **fields))))
    return b"".join(chunks), billed


def test_it_speaks_as_the_api_reference_says(server: FakeGoogle) -> None:
    assert said(model="tts-1", voice="nova", speed=1.25) == (tone("Hello there."), Usage(characters=12))
    assert server.requests[0].body == {
        "input": {"text": "Hello there."},
        "voice": {"languageCode": "en-US", "name": "en-US-Chirp3-HD-Aoede"},
        "audioConfig": {"audioEncoding": "LINEAR16", "sampleRateHertz": 24_000, "speakingRate": 1.25},
    }


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"text": "नमस्ते"}, "hi-IN-Chirp3-HD-Kore"),
        ({"language": "fr"}, "fr-FR-Chirp3-HD-Kore"),
        ({"language": "es-MX", "voice": "puck"}, "es-MX-Chirp3-HD-Puck"),
        ({"language": "zh"}, "cmn-CN-Chirp3-HD-Kore"),
        ({"language": "en-IN"}, "en-US-Chirp3-HD-Kore"),
        ({"voice": "ta-IN-Wavenet-A"}, "ta-IN-Wavenet-A"),
    ],
)
def test_a_voice_speaks_the_language_of_the_request_or_is_named_in_full(
    server: FakeGoogle, fields: dict[str, str], name: str
) -> None:
    said(**fields)
    assert server.requests[0].body["voice"] == {"languageCode": "-".join(name.split("-")[:2]), "name": name}


def test_a_long_text_in_any_script_stays_within_5000_bytes(server: FakeGoogle) -> None:
    text = " ".join(f"यह वाक्य संख्या {number} है।" for number in range(200))
    assert said(text)[1] == Usage(characters=sum(len(seen.body["input"]["text"]) for seen in server.requests))
    assert " ".join(seen.body["input"]["text"] for seen in server.requests) == text


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400", ProviderRejected),
        ("401", ProviderAuthFailed),
        ("429", ProviderRateLimited),
        ("not-base64", ProviderBadAnswer),
        ("empty", ProviderBadAnswer),
    ],
)
def test_its_failures_are_ours(server: FakeGoogle, fault: str, error: type[Exception]) -> None:
    server.behave(fault)
    with pytest.raises(error):
        said()


def test_an_unknown_voice_is_an_error_that_lists_what_works() -> None:
    with pytest.raises(InvalidRequest, match=r"Kore.*alloy"):
        said(voice="nobody")
