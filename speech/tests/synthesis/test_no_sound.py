"""A provider that answers without sound, or with half a sample."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pytest_django import Settings

from speech.tests.loopback import Loopback
from speech.tests.providers.conftest import FAKES, serve

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "fault"), [("openai", "empty"), ("elevenlabs", "empty"), ("sarvam", "empty"), ("sarvam", "silence")]
)
@pytest.mark.parametrize("path", ["/api/tts/", "/v1/audio/speech"])
def test_no_sound_is_an_error_and_nothing_is_stored(
    api: Any, settings: Settings, redis_client: redis.Redis, name: str, fault: str, path: str
) -> None:
    for server in serve(name, settings):
        assert isinstance(server, Loopback) and name in FAKES
        server.behave(fault)
        settings.TTS_PROVIDER = name
        text = "The train leaves at nine."
        bodies = {"/api/tts/": {"text": text}, "/v1/audio/speech": {"model": "tts-1", "input": text, "voice": "alloy"}}
        response = api.post(path, bodies[path], format="json")
        assert (response.status_code, response.json()["error"]["code"]) == (502, "provider_bad_answer")
        assert redis_client.keys("tts:*") == []
