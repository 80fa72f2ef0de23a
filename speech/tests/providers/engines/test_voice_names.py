"""A voice by its name, in the letters that people and lists write it in."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from speech import providers
from speech.providers.base import SpeechRequest
from speech.tests.support.voices import OPENAI_VOICES

NAMES = providers.that_do("speech")


def voice_of(name: str, voice: str) -> str:
    return providers.get(name).prepare_speech(SpeechRequest("Hello.", voice=voice)).voice


@pytest.mark.parametrize("name", NAMES)
def test_openais_voices_may_have_a_capital(settings: Settings, name: str) -> None:
    settings.PROVIDERS = {name: {"API_KEY": "k", "BASE_URL": "http://127.0.0.1:1"} if name == "azure" else {}}
    for voice in OPENAI_VOICES:
        assert voice_of(name, voice.title()) == voice_of(name, voice)


@pytest.mark.parametrize(
    ("name", "id"), [("elevenlabs", "abcdefghij0123456789"), ("cartesia", "11111111-2222-3333-4444-555555555555")]
)
def test_a_voice_of_the_account_wins_over_the_capital(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, id: str
) -> None:
    settings.PROVIDERS = {name: {"VOICE_ALIASES": "onyx=Mine"}}
    monkeypatch.setattr(type(providers.get(name)), "_voices_of_account", lambda self: {"Nova": id, "Mine": id})
    assert voice_of(name, "Nova") == voice_of(name, "Onyx") == id
    assert voice_of(name, "nova") != id
    assert voice_of(name, "Sage") == voice_of(name, "sage") != id


@pytest.mark.parametrize(
    ("name", "voice", "same"),
    [
        ("deepgram", "Thalia", "thalia"),
        ("deepgram", "Aura-2-Thalia-EN", "aura-2-thalia-en"),
        ("cartesia", "9626C31C-BEC5-4CCA-BAA8-F8BA9E84C8BC", "9626c31c-bec5-4cca-baa8-f8ba9e84c8bc"),
        ("google", "kore", "Kore"),
        ("azure_speech", "ava", "Ava"),
        ("elevenlabs", "george", "George"),
        ("sarvam", "Ritu", "ritu"),
        ("espeak", "en-US+F3", "en-us+f3"),
    ],
)
def test_a_voice_of_its_own_may_be_written_as_it_is_shown(name: str, voice: str, same: str) -> None:
    assert voice_of(name, voice) == voice_of(name, same)
