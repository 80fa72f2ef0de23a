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
    ProviderQuotaExceeded,
    ProviderRejected,
    ProviderUnavailable,
)
from speech.providers.base import SpeechRequest, Word
from speech.tests.loopback.answers import tone
from speech.tests.loopback.cartesia import VOICE, FakeCartesia
from speech.tests.support.pcm import read

CARTESIA = providers.get("cartesia")


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[FakeCartesia]:
    with FakeCartesia() as server:
        settings.PROVIDERS = {"cartesia": {"API_KEY": "loopback-secret", "BASE_URL": server.url}}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 5
        yield server


def said(text: str = "Hello there.", **fields: Any) -> tuple[bytes, Usage | None]:
    chunks, billed = read(CARTESIA.speak(CARTESIA.prepare_speech(SpeechRequest(text=text, **fields))))
    return b"".join(chunks), billed


def test_it_speaks_as_the_api_reference_says(server: FakeCartesia) -> None:
    assert said(model="tts-1", voice="nova", language="hi-IN", speed=1.25) == (
        tone("Hello there."),
        Usage(characters=12),
    )
    [seen] = server.requests
    assert seen.headers["cartesia-version"] == "2026-08-14"
    assert seen.body == {
        "model_id": "sonic-3.5",
        "transcript": "Hello there.",
        "voice": {"mode": "id", "id": "694f9389-aac1-45b6-b726-9d9369183238"},
        "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
        "language": "hi",
        "generation_config": {"speed": 1.25},
    }


@pytest.mark.parametrize("voice", ["asha", "Asha", VOICE])
def test_a_voice_is_named_by_its_name_or_its_id(server: FakeCartesia, voice: str) -> None:
    said(voice=voice)
    assert server.requests[-1].body["voice"]["id"] == VOICE


def test_an_unknown_voice_is_an_error_that_lists_what_works() -> None:
    with pytest.raises(InvalidRequest, match=r"Asha.*alloy"):
        said(voice="nobody")


@pytest.mark.parametrize(
    ("fault", "error"), [("400", ProviderRejected), ("401", ProviderAuthFailed), ("quota", ProviderQuotaExceeded)]
)
def test_its_failures_are_ours(server: FakeCartesia, fault: str, error: type[Exception]) -> None:
    server.behave(fault)
    with pytest.raises(error):
        said()


def test_a_long_text_goes_out_in_several_requests(server: FakeCartesia) -> None:
    text = " ".join(f"This is sentence number {number}." for number in range(150))
    said(text)
    assert " ".join(seen.body["transcript"] for seen in server.requests) == text


def timed(text: str) -> tuple[bytes, list[Word]]:
    request = CARTESIA.prepare_speech(SpeechRequest(text=text, timestamps=("word",)))
    items = list(CARTESIA.speak(request).pcm)
    sound = b"".join(item for item in items if isinstance(item, bytes))
    return sound, [item for item in items if isinstance(item, Word)]


def test_times_of_words_come_with_the_events(server: FakeCartesia) -> None:
    sound, words = timed("Hello there, my friend.")
    assert sound == tone("Hello there, my friend.")
    assert [word.word for word in words] == ["Hello", "there,", "my", "friend."]
    assert [(word.start, word.end) for word in words] == [(0.0, 0.08), (0.1, 0.18), (0.2, 0.28), (0.3, 0.38)]
    [seen] = server.requests
    assert (seen.path, seen.body["add_timestamps"]) == ("/tts/sse", True)


def test_times_go_on_from_one_request_to_the_next(server: FakeCartesia) -> None:
    _, words = timed(" ".join(f"This is sentence number {number}." for number in range(120)))
    first, second = server.requests
    begin = len(tone(first.body["transcript"])) / 48_000
    behind = words[len(first.body["transcript"].split())]
    assert (behind.word, behind.start) == (second.body["transcript"].split()[0], round(begin, 3))


def failed(**fields: Any) -> dict[str, Any]:
    return {"type": "error", "done": True, "title": "Failed", "message": "", **fields}


@pytest.mark.parametrize(
    ("last", "error", "said"),
    [
        (failed(status_code=402), ProviderQuotaExceeded, "out of credit"),
        (failed(status_code=400, message="loopback-secret has no voice"), ProviderRejected, r"^\*\*\* has no voice"),
        (failed(message="gone"), ProviderUnavailable, "reported an error: gone"),
        ({"type": "flush_done"}, ProviderUnavailable, "ended its stream early"),
        ({"type": "chunk", "data": "no base64!"}, ProviderBadAnswer, "no audio with timestamps"),
        (
            {"type": "timestamps", "word_timestamps": {"words": ["a"], "start": [], "end": []}},
            ProviderBadAnswer,
            "no audio with timestamps",
        ),
    ],
)
def test_a_stream_that_fails_or_breaks_off_is_an_error(
    server: FakeCartesia, last: dict[str, Any], error: type[Exception], said: str
) -> None:
    server.last = last
    with pytest.raises(error, match=said):
        timed("Hello.")
