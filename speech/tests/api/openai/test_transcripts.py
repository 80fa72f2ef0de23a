"""Transcripts that cannot be given in the form that was asked for, and requests with more than one recording."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile

from speech.audio import to_wav
from speech.tests.loopback import FakeOpenAI
from speech.tests.support.bad_requests import error_of
from speech.tests.support.saying import say

WAV = to_wav(bytes(range(250)) * 64, 16_000)
CUE = {"start": 0.0, "end": 1.0}


def hear(api: Any, form: str, **fields: Any) -> Any:
    file = SimpleUploadedFile("said.wav", WAV, "audio/wav")
    body = {"model": "whisper-1", "response_format": form, "file": file, **fields}
    return api.post("/v1/audio/transcriptions", body, format="multipart")


NO_SEGMENTS: list[dict[str, Any]] = [{}, {"segments": []}, {"segments": [{**CUE, "text": " "}]}]


@pytest.mark.parametrize("form", ["srt", "vtt"])
@pytest.mark.parametrize("segments", NO_SEGMENTS, ids=str)
def test_subtitles_of_a_text_without_segments_are_refused(
    api: Any, fake_openai: FakeOpenAI, redis_client: redis.Redis, form: str, segments: dict[str, Any]
) -> None:
    say(fake_openai, {"text": "Hello.", **segments})
    for _ in range(2):
        response = hear(api, form)
        assert (response.status_code, error_of(response)["code"]) == (502, "provider_bad_answer")
    assert len(fake_openai.requests) == len(redis_client.keys("stt:*")) == 1, "paid once, and stored for other formats"


@pytest.mark.parametrize("form", ["srt", "vtt"])
@pytest.mark.parametrize("segments", NO_SEGMENTS, ids=str)
def test_where_nothing_was_said_subtitles_are_empty(
    api: Any, fake_openai: FakeOpenAI, form: str, segments: dict[str, Any]
) -> None:
    say(fake_openai, {"text": "", **segments})
    assert hear(api, form).content.decode().strip() == ("WEBVTT" if form == "vtt" else "")


@pytest.mark.parametrize("form", ["verbose_json", "diarized_json"])
def test_a_text_without_segments_is_passed_on_as_json(api: Any, fake_openai: FakeOpenAI, form: str) -> None:
    model = {"model": "gpt-4o-transcribe-diarize"} if form == "diarized_json" else {}
    say(fake_openai, {"text": "Hello."})
    for cached in ("MISS", "HIT"):
        response = hear(api, form, **model)
        assert (response.status_code, response.headers["X-Cache"]) == (200, cached)
        assert (response.json()["text"], response.json()["segments"]) == ("Hello.", [])


def test_a_segment_without_its_end_costs_no_transcript(api: Any, fake_openai: FakeOpenAI) -> None:
    segments = [{**CUE, "text": "Hello"}, {"start": 1.0, "end": None, "text": "there."}]
    say(fake_openai, {"text": "Hello there.", "duration": "4.5", "segments": segments})
    verbose = hear(api, "verbose_json").json()
    assert (verbose["segments"], verbose["duration"]) == (segments, 4.5)
    assert "00:00:01,000 --> 00:00:04,500\nthere." in hear(api, "srt").content.decode()
    assert len(fake_openai.requests) == 1


def test_plain_json_has_all_that_the_provider_says(api: Any, fake_openai: FakeOpenAI) -> None:
    said = {
        "text": "Hello.",
        "language": None,
        "segments": [{**CUE, "text": "Hello.", "speaker_id": "a"}],
        "model": "v",
    }
    say(fake_openai, said)
    for cached in ("MISS", "HIT"):
        response = hear(api, "json")
        assert (response.json(), response.headers["X-Cache"]) == (said, cached)


def test_of_several_recordings_none_is_taken_in_silence(api: Any, fake_openai: FakeOpenAI) -> None:
    files = [SimpleUploadedFile(name, WAV, "audio/wav") for name in ("a.wav", "b.wav")]
    response = hear(api, "json", file=files)
    assert (response.status_code, error_of(response)["param"]) == (400, "file")
    assert fake_openai.requests == []
