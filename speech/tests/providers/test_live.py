"""Against the real providers: `pytest -m live`, with their keys in the environment."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from speech import providers
from speech.exceptions import ProviderAuthFailed
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest
from speech.tests.support.pcm import read

pytestmark = pytest.mark.live
HOSTED = [name for name in providers.names() if providers.get(name).required]
QUESTION = ChatRequest(messages=[{"role": "user", "content": "Answer with the word yes."}])


def skip_unless_it_can(provider: BaseProvider, what: str) -> None:
    if what not in provider.does:
        pytest.skip(f"{provider.name} does not do {what}")
    if provider.missing_settings:
        pytest.skip(f"{', '.join(provider.missing_settings)} is not set")


@pytest.fixture(params=HOSTED)
def provider(request: pytest.FixtureRequest) -> BaseProvider:
    return providers.get(request.param)


def test_it_answers(provider: BaseProvider) -> None:
    skip_unless_it_can(provider, "chat")
    answer = provider.chat(provider.prepare_chat(QUESTION))
    assert answer.choices[0]["message"]["content"]
    assert answer.usage


def test_it_streams(provider: BaseProvider) -> None:
    skip_unless_it_can(provider, "chat")
    assert len(list(provider.stream_chat(provider.prepare_chat(QUESTION)))) > 1


@pytest.mark.parametrize("text", ["Good morning.", "नमस्ते।"])
def test_it_speaks(provider: BaseProvider, text: str) -> None:
    skip_unless_it_can(provider, "speech")
    speech = provider.speak(provider.prepare_speech(SpeechRequest(text=text)))
    chunks, billed = read(speech)
    seconds = len(b"".join(chunks)) / 2 / speech.sample_rate
    assert 0.3 < seconds < 10
    assert billed and billed.characters > 0


def test_a_wrong_key_is_told_as_such(provider: BaseProvider, settings: Settings) -> None:
    skip_unless_it_can(provider, "speech")
    settings.PROVIDERS = {provider.name: {"API_KEY": "wrong"}}
    with pytest.raises(ProviderAuthFailed):
        list(provider.speak(provider.prepare_speech(SpeechRequest(text="Hello."))).pcm)
