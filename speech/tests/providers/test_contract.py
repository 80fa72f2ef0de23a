"""What holds for every file in the folder."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pytest_django import Settings

from speech import providers
from speech.exceptions import InvalidRequest, UnsupportedFeature
from speech.providers.base import BaseProvider, ChatRequest, EmbeddingRequest, SpeechRequest
from speech.tests.support.voices import OPENAI_VOICES

ALL = [providers.get(name) for name in providers.names()]
SPEAKING = [provider for provider in ALL if "speech" in provider.does]
CHATTING = [provider for provider in ALL if "chat" in provider.does]
TEXT = "The train to Pune leaves at nine."
SPEECH_CHANGES: dict[str, Any] = {
    "text": "The train to Pune leaves at ten.",
    "voice": "nova",
    "model": "another-model",
    "language": "ta",
    "speed": 1.1,
    "pitch": 0.25,
    "sample_rate": 16_000,
    "instructions": "Whisper.",
}
CHAT_CHANGES: dict[str, Any] = {
    "messages": [{"role": "user", "content": "And who are you?"}],
    "model": "another-model",
    "language": "ta",
    "params": {"temperature": 0.5},
}
CHAT = ChatRequest(messages=[{"role": "user", "content": "How are you?"}])

each_speaking = pytest.mark.parametrize("provider", SPEAKING, ids=lambda provider: provider.name)
each_chatting = pytest.mark.parametrize("provider", CHATTING, ids=lambda provider: provider.name)


def test_it_knows_the_providers_by_their_files() -> None:
    known = "anthropic azure azure_speech cartesia deepgram demo elevenlabs espeak google openai sarvam"
    assert providers.names() == tuple(known.split())


@pytest.mark.parametrize("provider", ALL, ids=lambda provider: provider.name)
def test_it_says_what_it_does_and_refuses_the_rest(provider: BaseProvider) -> None:
    assert provider.does and provider.does <= {"chat", "speech", "transcription", "embedding"}
    assert set(provider.required) <= set(provider.defaults)
    if "chat" not in provider.does:
        with pytest.raises(UnsupportedFeature):
            provider.prepare_chat(CHAT)
    if "speech" not in provider.does:
        with pytest.raises(UnsupportedFeature):
            provider.prepare_speech(SpeechRequest(text=TEXT))
    if "embedding" not in provider.does:
        with pytest.raises(UnsupportedFeature):
            provider.prepare_embedding(EmbeddingRequest(inputs=[TEXT]))


@each_speaking
@pytest.mark.parametrize("option", SPEECH_CHANGES)
def test_an_option_changes_the_prepared_speech_or_is_refused_by_name(provider: BaseProvider, option: str) -> None:
    plain = provider.prepare_speech(SpeechRequest(text=TEXT))
    changed = dataclasses.replace(SpeechRequest(text=TEXT), **{option: SPEECH_CHANGES[option]})
    try:
        prepared = provider.prepare_speech(changed)
    except InvalidRequest as error:
        # Sarvam's default speaker does not suit a model that it has no list for.
        assert error.param in {option, "voice"}
    else:
        assert dataclasses.asdict(prepared) != dataclasses.asdict(plain)


def test_every_field_of_a_speech_request_is_tried() -> None:
    # Times of words are left out where a provider has none (api/test_word_times.py), as unknown fields are.
    fields = {field.name for field in dataclasses.fields(SpeechRequest)} - {"engine", "timestamps", "unknown"}
    assert fields == SPEECH_CHANGES.keys()


@each_speaking
def test_preparing_speech_twice_changes_nothing(provider: BaseProvider) -> None:
    for request in (SpeechRequest(text=TEXT), SpeechRequest(text="नमस्ते", voice="nova", language="hi-IN", speed=0.9)):
        once = provider.prepare_speech(request)
        assert provider.prepare_speech(once) == once
        assert once.text == request.text


@each_speaking
def test_prepared_speech_leaves_nothing_open(provider: BaseProvider) -> None:
    prepared = provider.prepare_speech(SpeechRequest(text=TEXT))
    assert prepared.voice and prepared.model


@each_speaking
@pytest.mark.parametrize("voice", OPENAI_VOICES)
def test_every_voice_name_of_openai_works(provider: BaseProvider, voice: str) -> None:
    prepared = provider.prepare_speech(SpeechRequest(text=TEXT, voice=voice))
    assert prepared.voice and (prepared.voice == voice or provider.name != "openai")


@each_speaking
def test_a_configured_alias_wins(provider: BaseProvider, settings: Settings) -> None:
    other = provider.prepare_speech(SpeechRequest(text=TEXT, voice="onyx")).voice
    settings.PROVIDERS = {provider.name: {"VOICE_ALIASES": f"my-voice={other}"}}
    assert provider.prepare_speech(SpeechRequest(text=TEXT, voice="my-voice")).voice == other


@each_speaking
@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("text", ""),
        ("text", " \n"),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("language", "hi/../"),
        ("language", "hindi"),
        ("speed", 0.0),
        ("speed", -1.0),
        ("speed", 9.0),
        ("speed", float("nan")),
        ("pitch", 2.0),
        ("pitch", float("nan")),
        ("voice", "../../voices"),
        ("voice", "a b"),
    ],
)
def test_it_refuses_what_cannot_be_spoken(provider: BaseProvider, param: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        provider.prepare_speech(dataclasses.replace(SpeechRequest(text=TEXT), **{param: value}))
    assert caught.value.param == param


@each_speaking
@pytest.mark.parametrize("instructions", ["", "  ", "None"])
def test_no_instructions_are_always_the_same(provider: BaseProvider, instructions: str) -> None:
    assert provider.prepare_speech(SpeechRequest(text=TEXT, instructions=instructions)).instructions == ""


@each_speaking
def test_a_language_may_be_spelled_in_many_ways(provider: BaseProvider) -> None:
    spellings = [SpeechRequest(text="ନମସ୍କାର", language=tag) for tag in ("or", "od", "od-IN", "or-IN", "OR_in")]
    first, *others = [provider.prepare_speech(request) for request in spellings]
    assert others == [first] * len(others)


@each_chatting
def test_a_role_that_only_other_models_know_is_named(provider: BaseProvider) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\.1\.role must be one of system") as caught:
        provider.prepare_chat(ChatRequest(messages=[*CHAT.messages, {"role": "control", "content": "thinking"}]))
    assert caught.value.param == "messages.1.role"


@each_chatting
@pytest.mark.parametrize("option", CHAT_CHANGES)
def test_an_option_changes_the_prepared_chat_or_is_refused_by_name(provider: BaseProvider, option: str) -> None:
    try:
        prepared = provider.prepare_chat(dataclasses.replace(CHAT, **{option: CHAT_CHANGES[option]}))
    except InvalidRequest as error:
        assert error.param == option
    else:
        assert dataclasses.asdict(prepared) != dataclasses.asdict(provider.prepare_chat(CHAT))


@each_chatting
def test_preparing_chat_twice_changes_nothing(provider: BaseProvider) -> None:
    request = ChatRequest(
        messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "How are you?"}],
        language="od-IN",
        params={"max_completion_tokens": 40, "seed": 7},
    )
    once = provider.prepare_chat(request)
    assert provider.prepare_chat(once) == once
    assert once.model and once.language == "or"


@each_chatting
def test_how_an_answer_travels_is_not_part_of_the_question(provider: BaseProvider) -> None:
    streamed = dataclasses.replace(CHAT, params={"stream_options": {"include_usage": True}})
    assert provider.prepare_chat(streamed) == provider.prepare_chat(CHAT)


@each_chatting
def test_it_refuses_a_chat_without_messages(provider: BaseProvider) -> None:
    with pytest.raises(InvalidRequest) as caught:
        provider.prepare_chat(ChatRequest(messages=[]))
    assert caught.value.param == "messages"
