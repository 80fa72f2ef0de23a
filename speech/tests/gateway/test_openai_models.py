"""What may be sent as `model`, and what is listed."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from speech.tests.gateway.scripted import ScriptedOpenAI
from speechsite.tests.support.server import Server

HELLO = [{"role": "user", "content": "Say hello"}]


def level_of(cache: Any) -> list[int]:
    """The time to live of every stored answer, rounded up to what was configured."""
    return sorted(-(-cache.ttl(key) // 60) * 60 for key in cache.keys("llm:exact:*"))


def test_models_are_listed_with_their_provider(sdk: Any) -> None:
    models = {model.id: model for model in sdk.models.list()}
    assert {"quality", "balanced", "speed", "openai/gpt-6-luna", "espeak/espeak-ng", "demo/demo"} <= set(models)
    assert not [name for name in models if name.startswith("elevenlabs/")], "it has no key here"
    assert models["openai/gpt-6-luna"].owned_by == "openai"


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("quality", "speechsite"),
        ("openai/gpt-6-luna", "openai"),
        ("gpt-6-luna", "openai"),
        ("gpt-4o", "openai"),
        ("a-model-of-tomorrow", "openai"),
        ("meta-llama/llama-9:free", "openai"),
        ("openai/speed", "openai"),
        ("demo/demo", "demo"),
        ("espeak/espeak-ng", "espeak"),
        ("espeak/speed", "espeak"),
        ("whisper-1", "openai"),
        ("text-embedding-3-small", "openai"),
        ("sarvam-105b", "openai"),
    ],
)
def test_every_name_that_would_be_served_is_described(sdk: Any, name: str, owner: str) -> None:
    model = sdk.models.retrieve(name)
    assert (model.id, model.owned_by, model.object) == (name, owner, "model")


@pytest.mark.parametrize("name", ["elevenlabs/eleven_v3", "sarvam/sarvam-105b", "x" * 201])
def test_a_name_that_would_not_be_served_is_not_found(sdk: Any, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.models.retrieve(name)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/health", "/v1/audio/models", "/v1/audio/voices"])
def test_it_answers_without_a_key(gateway: Server, path: str) -> None:
    response = gateway.request("GET", path, headers={"Authorization": ""})
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")


def test_models_of_audio_are_those_of_the_whole_list(gateway: Server) -> None:
    of_audio = gateway.request("GET", "/v1/audio/models").json()
    assert of_audio["data"] == of_audio["models"] == gateway.request("GET", "/v1/models").json()["data"]
    assert gateway.request("GET", "/v1/models", headers={"Authorization": ""}).status == 401


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("gpt-6-luna", "gpt-6-luna"),
        ("openai/gpt-6-sol", "gpt-6-sol"),
        ("a-model-of-tomorrow", "a-model-of-tomorrow"),
        ("meta-llama/llama-9", "meta-llama/llama-9"),
        ("sarvam-105b", "gpt-6-luna"),
        ("quality", "gpt-6-luna"),
        ("openai/speed", "gpt-6-luna"),
    ],
    ids=lambda value: value,
)
def test_a_model_reaches_its_provider(sdk: Any, provider: ScriptedOpenAI, name: str, sent: str) -> None:
    assert sdk.chat.completions.create(model=name, messages=HELLO).model == sent
    assert [body["model"] for body in provider.calls("/chat/completions")] == [sent]


def test_a_model_of_another_provider_is_asked_there(sdk: Any, provider: ScriptedOpenAI) -> None:
    assert sdk.chat.completions.create(model="demo/demo", messages=HELLO).model == "demo"
    assert provider.requests == []


def test_a_provider_without_a_key_is_named(sdk: Any) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.audio.speech.create(model="elevenlabs/eleven_v3", voice="alloy", input="Hello.")
    assert (caught.value.status_code, caught.value.code) == (503, "provider_not_configured")
    assert "ELEVENLABS_API_KEY" in caught.value.message
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("fields", "ttl"),
    [
        ({"model": "gpt-6-luna"}, 1800),
        ({"model": "quality"}, 3600),
        ({"model": "openai/speed"}, 600),
        ({"model": "speed", "extra_headers": {"X-Optimization-Level": "quality"}}, 3600),
        (
            {
                "model": "gpt-6-luna",
                "extra_headers": {"X-Optimization-Level": "quality"},
                "extra_body": {"optimization_level": "speed"},
            },
            600,
        ),
    ],
    ids=["default", "level as model", "provider/level", "header over model", "body over header"],
)
def test_the_level_comes_from_the_body_a_header_or_the_model(
    sdk: Any, cache: Any, fields: dict[str, Any], ttl: int
) -> None:
    sdk.chat.completions.create(messages=HELLO, **fields)
    assert level_of(cache) == [ttl]


def test_an_unknown_level_is_refused(sdk: Any) -> None:
    for fields in (
        {"extra_headers": {"X-Optimization-Level": "best"}},
        {"extra_body": {"optimization_level": "best"}},
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.chat.completions.create(model="gpt-6-luna", messages=HELLO, **fields)
        assert "optimization" in str(caught.value.param).lower().replace("_", "-")


def test_voices_are_listed_without_a_key(gateway: Server) -> None:
    response = gateway.request("GET", "/v1/audio/voices", headers={"Authorization": ""})
    assert response.status == 200
    voices = response.json()["voices"]
    assert voices and all(set(voice) == {"id", "name"} for voice in voices)
    assert {"alloy", "nova", "verse"} <= {voice["id"] for voice in voices}


def test_speech_models_are_listed_too(gateway: Server) -> None:
    names = {model["id"] for model in gateway.request("GET", "/v1/audio/models").json()["data"]}
    assert {"openai/gpt-4o-mini-tts", "espeak/espeak-ng", "speed"} <= names
