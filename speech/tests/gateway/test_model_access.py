"""Which providers and models a client may use: loopback OpenAI is the default, espeak and demo are there too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from speech.api.authentication import known_keys
from speech.model_access import ModelAccess, validate
from speech.models import Client
from speech.tests.loopback import FakeOpenAI

QUERY = {"query": "What is a cache?"}
SPEECH = {"text": "Hello from afar.", "language": "en"}
COMPLETION = {"messages": [{"role": "user", "content": "What is a cache?"}]}


@pytest.fixture
def caller(fake_openai: FakeOpenAI, clients: Callable[..., tuple[Client, str]], settings: Any) -> Any:
    """Makes an API client whose key may use what it is told."""
    settings.SEMANTIC_MODE = "off"
    settings.PROVIDERS["openai"]["RESPONSES_API"] = "1"
    _, key = clients("bot")

    def of(allowed: str) -> APIClient:
        Client.objects.filter(name="bot").update(allowed_models=allowed)
        known_keys.forget()
        api = APIClient(raise_request_exception=False)
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return api

    return of


@pytest.mark.parametrize(
    ("patterns", "provider", "model", "allowed"),
    [
        ("", "openai", "gpt-6-luna", True),
        ("openai", "openai", "gpt-6-luna", True),
        ("openai", "openai-eu", "gpt-6-luna", False),
        ("openai/gpt-6*, espeak", "openai", "gpt-6-luna", True),
        ("openai/gpt-6*\nespeak", "openai", "gpt-5", False),
        ("openai/gpt-6", "openai", "gpt-6-luna", False),
        ("*/whisper-1", "groq", "whisper-1", True),
        ("groq/openai/gpt-oss-*", "groq", "openai/gpt-oss-120b", True),
        ("groq/gpt-oss-*", "groq", "openai/gpt-oss-120b", False),
        ("openai/GPT-6", "openai", "gpt-6", False),
    ],
)
def test_a_pattern_allows_exactly_what_it_names(patterns: str, provider: str, model: str, allowed: bool) -> None:
    assert ModelAccess(patterns).allows(provider, model) is allowed


def test_a_pattern_of_an_unknown_provider_is_refused() -> None:
    validate("openai/gpt-*, *-eu/x")
    with pytest.raises(ValidationError, match="opnai"):
        validate("espeak, opnai/gpt-6")


@pytest.mark.parametrize(
    ("path", "body", "allowed", "code"),
    [
        ("/api/chat/", {**QUERY, "provider": "openai"}, "demo", "provider_not_allowed"),
        ("/api/chat/", QUERY, "openai/gpt-5", "model_not_allowed"),
        ("/api/tts/", {**SPEECH, "provider": "espeak"}, "openai", "provider_not_allowed"),
        ("/api/tts/", SPEECH, "openai/tts-9", "model_not_allowed"),
        ("/api/converse/", {**QUERY, "tts_provider": "espeak"}, "openai", "provider_not_allowed"),
        ("/api/converse/", {**QUERY, "tts_provider": "espeak"}, "espeak", "provider_not_allowed"),
        ("/v1/chat/completions", {**COMPLETION, "model": "openai/gpt-6-luna"}, "openai/gpt-5", "model_not_allowed"),
        ("/v1/chat/completions", {**COMPLETION, "model": "balanced", "stream": True}, "demo", "provider_not_allowed"),
        ("/v1/responses", {"input": "Hi", "model": "openai/gpt-6-luna"}, "demo", "provider_not_allowed"),
        ("/v1/responses", {"input": "Hi", "tools": [{"type": "web_search"}]}, "openai/x", "model_not_allowed"),
        ("/v1/responses", {"input": "Hi", "tools": [{"type": "web_search"}]}, "demo", "provider_not_allowed"),
        ("/v1/embeddings", {"input": "Hi", "model": "openai/text-embedding-3-small"}, "demo", "provider_not_allowed"),
        ("/v1/audio/speech", {"input": "Hi", "model": "tts-1", "voice": "nova"}, "espeak", "provider_not_allowed"),
    ],
)
def test_what_is_not_allowed_is_a_403_that_names_what_is(
    caller: Any, fake_openai: FakeOpenAI, path: str, body: dict[str, Any], allowed: str, code: str
) -> None:
    response = caller(allowed).post(path, body, format="json")
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["type"]) == (403, code, "invalid_request_error")
    assert error["message"].endswith(f"Allowed: {allowed}.") and response.headers["x-should-retry"] == "false"
    assert not fake_openai.requests


def test_an_entry_of_a_provider_that_is_no_longer_allowed_is_not_served(caller: Any) -> None:
    asked = {**QUERY, "provider": "openai"}
    assert [caller("").post("/api/chat/", asked, format="json").headers["X-Cache"] for _ in "12"] == ["MISS", "HIT"]
    assert caller("demo").post("/api/chat/", asked, format="json").status_code == 403
    assert caller("demo").post("/api/chat/", {**QUERY, "provider": "demo"}, format="json").headers["X-Cache"] == "MISS"
    assert caller("openai").post("/api/chat/", asked, format="json").headers["X-Cache"] == "HIT"


def test_fallbacks_are_tried_only_among_what_is_allowed(caller: Any, fake_openai: FakeOpenAI, settings: Any) -> None:
    settings.LLM_FALLBACK = settings.TTS_FALLBACK = ["demo", "espeak"]
    fake_openai.behave("401")
    assert caller("openai").post("/api/chat/", QUERY, format="json").status_code == 502
    assert caller("openai").post("/api/tts/", SPEECH, format="json").status_code == 502
    assert caller("openai, demo").post("/api/chat/", QUERY, format="json").json()["provider"] == "demo"
    assert caller("openai, espeak").post("/api/tts/", SPEECH, format="json").headers["X-Provider"] == "espeak"


def test_models_lists_only_what_may_be_used(caller: Any) -> None:
    def listed(allowed: str) -> set[str]:
        return {model["id"] for model in caller(allowed).get("/v1/models").json()["data"]}

    everything = listed("")
    assert {"balanced", "demo/demo", "openai/gpt-6-luna"} <= everything
    assert listed("demo") == {"demo/demo"}
    assert listed("openai/gpt-6*") == {"quality", "balanced", "speed", "openai/gpt-6-luna"}
    for name, status in (("demo/demo", 200), ("openai/gpt-6-luna", 404), ("balanced", 404)):
        assert caller("demo").get(f"/v1/models/{name}").status_code == status, name
