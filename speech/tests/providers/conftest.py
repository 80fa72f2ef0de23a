from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from speech.tests.loopback import FakeElevenLabs, FakeOpenAI, FakeSarvam, Loopback

SECRET = "loopback-secret"
FAKES: dict[str, tuple[type[Loopback], str]] = {
    "openai": (FakeOpenAI, "/v1"),
    "sarvam": (FakeSarvam, ""),
    "elevenlabs": (FakeElevenLabs, ""),
}


def serve(name: str, settings: Settings) -> Iterator[Loopback]:
    """A loopback server with the provider `name` set up to call it."""
    fake, path = FAKES[name]
    with fake() as server:
        settings.PROVIDERS = {name: {"API_KEY": SECRET, "BASE_URL": server.url + path}}
        settings.PROVIDER_CONNECT_TIMEOUT = settings.PROVIDER_READ_TIMEOUT = 1
        yield server


@pytest.fixture
def openai_server(settings: Settings) -> Iterator[Loopback]:
    yield from serve("openai", settings)


@pytest.fixture
def sarvam_server(settings: Settings) -> Iterator[Loopback]:
    yield from serve("sarvam", settings)


@pytest.fixture
def elevenlabs_server(settings: Settings) -> Iterator[Loopback]:
    yield from serve("elevenlabs", settings)
