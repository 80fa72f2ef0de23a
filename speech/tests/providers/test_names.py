"""Which model and voice each provider takes the names of clients for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from speech import providers
from speech.exceptions import InvalidRequest
from speech.providers._shared import openai_names, validation, voice_list
from speech.providers.base import SpeechRequest
from speech.tests.loopback import Loopback

OTHERS = ("azure_speech", "cartesia", "deepgram", "elevenlabs", "espeak", "google", "sarvam")
MODELS = ("tts-1", "tts-1-hd", "tts-1-1106", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")


def prepared(name: str, **fields: Any) -> SpeechRequest:
    return providers.get(name).prepare_speech(SpeechRequest(text="Hello.", **fields))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_speech_model_of_openai_means_the_default_with_its_voices(name: str, model: str) -> None:
    assert prepared(name, model=model, voice="nova") == prepared(name, voice="nova")
    assert prepared(name, model=model) == prepared(name)


@pytest.mark.parametrize("voice", openai_names.VOICES)
@pytest.mark.parametrize("model", ["bulbul:v2", "bulbul:v3", "bulbul:v4-flash", "bulbul:v9"])
def test_openai_s_voices_work_with_every_model_of_sarvam(model: str, voice: str) -> None:
    assert prepared("sarvam", model=model, voice=voice).voice not in openai_names.VOICES


@pytest.mark.parametrize("model", ["tts-1", "tts-1-hd"])
def test_the_old_models_of_openai_speak_with_the_voices_that_they_have(model: str) -> None:
    had = {"alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"}
    assert {prepared("openai", model=model, voice=voice).voice for voice in openai_names.VOICES} == had


@pytest.mark.parametrize("name", ["sarvam", "openai", "espeak"])
def test_the_error_for_an_unknown_voice_lists_what_works(name: str, settings: Any) -> None:
    settings.PROVIDERS = {name: {"VOICE_ALIASES": "receptionist=alloy2"}}
    with pytest.raises(InvalidRequest) as caught:
        prepared(name, voice="nobody")
    words = set(re.findall(r"[\w+-]+", caught.value.message))
    assert words >= {*(voice.id for voice in providers.get(name).voices()), *openai_names.VOICES, "receptionist"}


def test_a_speaker_of_sarvam_may_be_named_as_it_is_shown() -> None:
    for voice in providers.get("sarvam").voices():
        assert prepared("sarvam", voice=voice.name).voice == voice.id


@pytest.mark.parametrize("model", ["", "bulbul:v2", "bulbul:v3", "bulbul:v4-flash"])
def test_a_retired_speaker_has_a_successor_in_every_model(model: str) -> None:
    assert prepared("sarvam", voice="meera", model=model) == prepared("sarvam", voice="nova", model=model)


def test_who_speaks_for_a_retired_voice_can_be_changed(settings: Any) -> None:
    settings.PROVIDERS = {"sarvam": {"VOICE_SUCCESSORS": "meera=priya,shubh=rahul"}}
    assert prepared("sarvam", voice="Meera").voice == "priya"
    assert prepared("sarvam", voice="shubh").voice == "rahul"
    assert validation.successor_of(providers.get("sarvam"), "priya") == ""


class TestTheVoicesOfAnAccount:
    @pytest.fixture(autouse=True)
    def _anew(self) -> None:
        voice_list._forget()

    def test_are_asked_for_by_name_and_remembered(self, elevenlabs_server: Loopback) -> None:
        for name in ("My Clone", "my clone", "Narrator", "Narrator - Deep and calm"):
            assert prepared("elevenlabs", voice=name).voice in ("abcdefghij0123456789", "ABCDEFGHIJ0123456789")
        assert [seen.path for seen in elevenlabs_server.requests] == ["/v1/voices"]
        assert elevenlabs_server.requests[0].headers["xi-api-key"] == "loopback-secret"

    def test_known_names_and_ids_need_no_list(self, elevenlabs_server: Loopback) -> None:
        assert prepared("elevenlabs", voice="George").voice == "JBFqnCBsd6RMkjVDRZzb"
        assert prepared("elevenlabs", voice="Zbcdefghij0123456789").voice == "Zbcdefghij0123456789"
        assert elevenlabs_server.requests == []

    def test_an_unknown_name_is_refused_with_all_that_work(self, elevenlabs_server: Loopback) -> None:
        with pytest.raises(InvalidRequest) as caught:
            prepared("elevenlabs", voice="Nobody")
        for name in ("My Clone", "George", "alloy"):
            assert name in caught.value.message

    def test_a_list_that_cannot_be_read_is_not_asked_for_again_at_once(self, elevenlabs_server: Loopback) -> None:
        elevenlabs_server.behave("401")
        for _ in range(3):
            with pytest.raises(InvalidRequest):
                prepared("elevenlabs", voice="My Clone")
        assert len(elevenlabs_server.requests) == 1
