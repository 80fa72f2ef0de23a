"""Each provider's faults, as a caller of the adapter sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from speech import exceptions, providers
from speech.providers.base import BaseProvider, ChatRequest, SpeechRequest
from speech.tests.loopback import Loopback
from speech.tests.providers.conftest import FAKES, SECRET, serve

CHATTING, SPEAKING = ("openai", "sarvam"), ("openai", "sarvam", "elevenlabs")
ACCOUNT_FAULTS = {
    "400": exceptions.ProviderRejected,
    "401": exceptions.ProviderAuthFailed,
    "403": exceptions.ProviderAuthFailed,
    "429": exceptions.ProviderRateLimited,
    "429-retry-after": exceptions.ProviderRateLimited,
    "quota": exceptions.ProviderQuotaExceeded,
    "500": exceptions.ProviderUnavailable,
    "hang": exceptions.ProviderTimeout,
    "stall": exceptions.ProviderTimeout,
    "half": exceptions.ProviderUnavailable,
    "reset": exceptions.ProviderUnavailable,
    "wrong-json": exceptions.ProviderBadAnswer,
    "empty": exceptions.ProviderBadAnswer,
}


@pytest.fixture
def server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Loopback]:
    yield from serve(request.param, settings)


def chat(provider: BaseProvider) -> object:
    return provider.chat(provider.prepare_chat(ChatRequest(messages=[{"role": "user", "content": "Where is Paris?"}])))


def stream_chat(provider: BaseProvider) -> object:
    request = provider.prepare_chat(ChatRequest(messages=[{"role": "user", "content": "Where is Paris?"}]))
    return list(provider.stream_chat(request))


def speak(provider: BaseProvider) -> object:
    return list(provider.speak(provider.prepare_speech(SpeechRequest(text="The train leaves at nine."))).pcm)


CALLS = [(name, chat, fault) for name in CHATTING for fault in ACCOUNT_FAULTS]
# Empty sound is noticed where it is played, for all providers: see synthesis/test_no_sound.py.
CALLS += [(name, speak, fault) for name in SPEAKING for fault in ACCOUNT_FAULTS if fault != "empty"]
each_call = pytest.mark.parametrize(
    ("server", "call", "fault"),
    CALLS,
    indirect=["server"],
    ids=[f"{fault}-{name}-{call.__name__}" for name, call, fault in CALLS],
)


def provider_of(server: Loopback) -> BaseProvider:
    return providers.get(next(name for name, (fake, _) in FAKES.items() if isinstance(server, fake)))


@each_call
def test_a_fault_has_its_own_error(server: Loopback, call: Callable[[BaseProvider], object], fault: str) -> None:
    server.behave(fault)
    with pytest.raises(exceptions.GatewayError) as caught:
        call(provider_of(server))
    assert type(caught.value) is ACCOUNT_FAULTS[fault]
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("server", CHATTING, indirect=True)
@pytest.mark.parametrize("fault", sorted(ACCOUNT_FAULTS.keys() - {"empty"}))
def test_a_stream_that_fails_never_just_ends(server: Loopback, fault: str) -> None:
    server.behave(fault)
    with pytest.raises(exceptions.GatewayError) as caught:
        stream_chat(provider_of(server))
    assert type(caught.value) is ACCOUNT_FAULTS[fault]


@pytest.mark.parametrize("server", ["openai"], indirect=True)
@pytest.mark.parametrize("fault", ["error-event", "no-end", "empty"])
def test_a_stream_without_its_end_is_a_failure(server: Loopback, fault: str) -> None:
    server.behave(fault)
    with pytest.raises(exceptions.ProviderUnavailable):
        stream_chat(provider_of(server))


@pytest.mark.parametrize("server", ["sarvam"], indirect=True)
def test_sound_that_is_no_base64_is_a_failure(server: Loopback) -> None:
    server.behave("no-base64")
    with pytest.raises(exceptions.ProviderBadAnswer):
        speak(provider_of(server))


@pytest.mark.parametrize("server", ["elevenlabs"], indirect=True)
def test_a_list_of_details_is_read(server: Loopback) -> None:
    server.behave("422")
    with pytest.raises(exceptions.ProviderRejected, match="field required"):
        speak(provider_of(server))


@pytest.mark.parametrize("server", SPEAKING, indirect=True)
def test_without_a_key_nothing_is_called(server: Loopback, settings: Settings) -> None:
    provider = provider_of(server)
    settings.PROVIDERS = {}
    with pytest.raises(exceptions.ProviderNotConfigured, match=f"{provider.name.upper()}_API_KEY"):
        speak(provider)
    assert server.requests == []
