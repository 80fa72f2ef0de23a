"""OpenAI's models on Azure: addresses and headers as OpenAI's own SDK for Azure sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from speech import providers
from speech.providers.base import ChatRequest, SpeechRequest
from speech.tests.loopback import FakeOpenAI

SECRET = "loopback-secret"
MESSAGES: list[Any] = [{"role": "user", "content": "Where is Pune?"}]


@pytest.fixture
def server(settings: Any) -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        settings.PROVIDERS = {"azure": {"API_KEY": SECRET, "BASE_URL": running.url}}
        yield running


def chat(**fields: Any) -> None:
    azure = providers.get("azure")
    azure.chat(azure.prepare_chat(ChatRequest(messages=MESSAGES, **fields)))


def test_the_v1_api_is_used_without_a_version(server: FakeOpenAI) -> None:
    chat(model="my-deployment")
    [seen] = server.requests
    assert (seen.path, seen.body["model"]) == ("/openai/v1/chat/completions", "my-deployment")
    assert seen.headers["api-key"] == SECRET
    assert "authorization" not in seen.headers


@pytest.mark.parametrize("deployment", ["my-deployment", "gpt-6 luna/eu"])
def test_a_dated_version_goes_where_the_sdk_goes(server: FakeOpenAI, settings: Any, deployment: str) -> None:
    openai = pytest.importorskip("openai")
    settings.PROVIDERS["azure"]["API_VERSION"] = "2024-10-21"
    chat(model=deployment)
    client = openai.AzureOpenAI(api_key=SECRET, azure_endpoint=server.url, api_version="2024-10-21")
    if "/" not in deployment:
        client.chat.completions.create(model=deployment, messages=MESSAGES)
        ours, theirs = server.requests
        assert (ours.path, ours.headers["api-key"]) == (theirs.path, theirs.headers["api-key"])
    assert server.requests[0].path.startswith("/openai/deployments/")
    assert server.requests[0].path.count("/") == 5


def test_speech_goes_to_its_deployment(server: FakeOpenAI, settings: Any) -> None:
    settings.PROVIDERS["azure"]["API_VERSION"] = "2024-10-21"
    azure = providers.get("azure")
    speech = azure.speak(azure.prepare_speech(SpeechRequest(text="Hello.", model="voice-1")))
    list(speech.pcm)
    [seen] = server.requests
    assert seen.path == "/openai/deployments/voice-1/audio/speech?api-version=2024-10-21"


def test_without_an_address_it_is_not_configured(settings: Any) -> None:
    settings.PROVIDERS = {"azure": {"API_KEY": SECRET}}
    assert providers.get("azure").missing_settings == ["AZURE_BASE_URL"]
